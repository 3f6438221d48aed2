package chat

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sync/singleflight"
)

// Client asks one model at one endpoint. It is safe for concurrent use; the same question asked twice at once is sent once.
type Client struct {
	endpoint *endpoint
	cache    *Cache
	flight   singleflight.Group

	mu    sync.Mutex
	usage Usage
	known map[string]bool   // keys of cached answers whose tokens are counted
	cut   map[string]Answer // answers that the cache does not keep, by key: no client asks twice for what it cannot get
}

// New makes a client. The cache may be nil; it stays the caller's to close.
func New(c Config, cache *Cache) (*Client, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Client{endpoint: newEndpoint(c), cache: cache, known: map[string]bool{}, cut: map[string]Answer{}, usage: Usage{Priced: c.PromptPrice > 0 || c.AnswerPrice > 0}}, nil
}

// Question is what a model is asked.
type Question struct {
	System, User string
	SchemaName   string         // where answers have a schema
	Schema       map[string]any // JSON schema of the answer, for endpoints that enforce one ([FormatSchema])
}

// Answer is what a model answered.
type Answer struct {
	Text                       string // cut to 64 KiB, the key taken out
	PromptTokens, AnswerTokens int64  // 0 where the endpoint did not say
	Cut                        bool   // it did not end by itself but at MaxTokens; such an answer is not put into the cache
}

// maxAnswer bounds what is kept of an answer, bytes.
const maxAnswer = 64 << 10

// Usage is what a client has used so far. Answers from the cache cost nothing now; their tokens are counted apart.
type Usage struct {
	Answers      int   `json:"answers"`       // answers paid for
	Retries      int   `json:"retries"`       // further requests after refusals and timeouts
	Cached       int   `json:"cached"`        // different answers of earlier clients, taken from the cache
	Cut          int   `json:"cut"`           // of the answers paid for, those that MaxTokens cut off
	Unmetered    int   `json:"unmetered"`     // answers, cached ones included, for which the endpoint told no token counts
	PromptTokens int64 `json:"prompt_tokens"` // as counted by the endpoint
	AnswerTokens int64 `json:"answer_tokens"` // likewise
	// What the cached answers had taken when they were new.
	CachedPromptTokens int64   `json:"cached_prompt_tokens"`
	CachedAnswerTokens int64   `json:"cached_answer_tokens"`
	Cost               float64 `json:"cost"`        // of the tokens counted, in the currency of the prices
	CachedCost         float64 `json:"cached_cost"` // of the cached answers, at today's prices
	Priced             bool    `json:"priced"`      // whether prices were given; if not, costs are 0 and mean nothing
}

// Usage gives the counts so far.
func (c *Client) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usage
}

// Ask gives the answer from the cache, or asks and keeps it. An answer that was cut off is not kept in the file: another client,
// with a larger limit, asks again.
func (c *Client) Ask(ctx context.Context, q Question) (Answer, error) {
	key := c.key(q)
	if a, ok := c.cached(key); ok {
		return a, nil
	}
	v, err, _ := c.flight.Do(key, func() (any, error) { return c.ask(ctx, key, q) })
	a, _ := v.(Answer)
	return a, err
}

// cached looks an answer up.
func (c *Client) cached(key string) (Answer, bool) {
	if c.cache == nil {
		return Answer{}, false
	}
	line, ok := c.cache.get(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !ok {
		a, ok := c.cut[key]
		return a, ok
	}
	if u := &c.usage; !c.known[key] {
		c.known[key] = true
		u.Cached++
		if line.PromptTokens == 0 && line.AnswerTokens == 0 {
			u.Unmetered++
		}
		u.CachedPromptTokens += line.PromptTokens
		u.CachedAnswerTokens += line.AnswerTokens
		u.CachedCost = c.cost(u.CachedPromptTokens, u.CachedAnswerTokens)
	}
	return Answer{Text: line.Answer, PromptTokens: line.PromptTokens, AnswerTokens: line.AnswerTokens}, true
}

// ask asks the endpoint and puts the answer into the cache.
func (c *Client) ask(ctx context.Context, key string, q Question) (Answer, error) {
	if c.cache != nil { // another call may have had the answer since Ask looked
		if a, ok := c.cached(key); ok {
			return a, nil
		}
	}
	config := c.endpoint.config
	a, retries, err := c.endpoint.ask(ctx, q)
	a.Text = clip(config.Key.hide(a.Text), maxAnswer)
	c.count(key, a, retries, err == nil)
	// An empty answer, such as that of a filter, may be another one the next time.
	if err != nil || c.cache == nil || a.Cut || strings.TrimSpace(a.Text) == "" {
		return a, err
	}
	return a, c.cache.put(cacheLine{Key: key, Model: config.Model, Answer: a.Text, PromptTokens: a.PromptTokens, AnswerTokens: a.AnswerTokens})
}

func (c *Client) count(key string, a Answer, retries int, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := &c.usage
	u.Retries += retries
	if !answered {
		return
	}
	c.known[key] = true
	u.Answers++
	if a.Cut {
		u.Cut++
		c.cut[key] = a
	}
	if a.PromptTokens == 0 && a.AnswerTokens == 0 {
		u.Unmetered++
	}
	u.PromptTokens += a.PromptTokens
	u.AnswerTokens += a.AnswerTokens
	u.Cost = c.cost(u.PromptTokens, u.AnswerTokens)
}

func (c *Client) cost(prompt, answer int64) float64 {
	return (float64(prompt)*c.endpoint.config.PromptPrice + float64(answer)*c.endpoint.config.AnswerPrice) / 1e6
}

// key names a question, see [Cache], as 64 hexadecimal digits.
func (c *Client) key(q Question) string {
	config := c.endpoint.config
	sum := Hash("question", config.BaseURL, config.Model, config.SamplingWords(), config.Format, q.System, q.User)
	return hex.EncodeToString(sum[:])
}

// clip cuts a text to at most n bytes, at a rune's edge.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
