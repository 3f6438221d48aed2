package judge

import (
	"context"
	"fmt"
	"sync"
)

// LLM is a large language model as the judge. It is safe for concurrent use.
//
// Each contest is asked twice, once in each order of the two JDs, because such judges are known to favour a position
// (Zheng et al. 2023, arXiv 2306.05685, section 3.3). Where both orders agree on a criterion, that is the verdict; where
// they disagree, it is a tie; [Orders] reports how often. An answer that cannot be parsed makes the contest invalid.
type LLM struct {
	endpoint endpoint
	cache    *Cache
	mu       sync.Mutex
	usage    Usage
}

// NewLLM makes a judge from the settings. The cache may be nil; it stays the caller's to close.
func NewLLM(c Config, cache *Cache) (*LLM, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &LLM{endpoint: newEndpoint(c), cache: cache, usage: Usage{Priced: c.PromptPrice > 0 || c.AnswerPrice > 0}}, nil
}

// Usage is what an LLM judge has used so far. Answers from the cache cost nothing and are counted apart.
type Usage struct {
	Answers      int     // answers paid for
	Invalid      int     // of these, those that could not be parsed
	Retries      int     // further requests after refusals and timeouts
	Cached       int     // answers taken from the cache
	Unmetered    int     // answers for which the endpoint told no token counts
	PromptTokens int64   // as counted by the endpoint
	AnswerTokens int64   // likewise
	Cost         float64 // of the tokens counted, in the currency of the prices
	Priced       bool    // whether prices were given; if not, Cost is 0 and means nothing
}

// Usage gives the counts so far.
func (l *LLM) Usage() Usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usage
}

// Judge asks in both orders and combines the answers.
func (l *LLM) Judge(ctx context.Context, c Contest) (Judgement, error) {
	if err := c.check(); err != nil {
		return Judgement{}, err
	}
	forward, err := l.ask(ctx, c.CV, c.A, c.B)
	if err != nil {
		return Judgement{}, fmt.Errorf("%w (%v)", err, c)
	}
	backward, err := l.ask(ctx, c.CV, c.B, c.A)
	if err != nil {
		return Judgement{}, fmt.Errorf("%w (%v, the other way round)", err, c)
	}
	backward = backward.Flip()
	return Judgement{Contest: c, Verdict: combine(forward, backward), Shown: &[2]Verdict{forward, backward}}, nil
}

// combine joins the verdicts of both orders, both from A's side: what they agree on, a tie where they do not, invalid
// where either is.
func combine(forward, backward Verdict) Verdict {
	var v Verdict
	for i := range v {
		switch {
		case forward[i] == Invalid || backward[i] == Invalid:
			v[i] = Invalid
		case forward[i] == backward[i]:
			v[i] = forward[i]
		default:
			v[i] = Tie
		}
	}
	return v
}

// ask gives the verdict on the two texts in this order, from the side of the first.
func (l *LLM) ask(ctx context.Context, cv, first, second string) (Verdict, error) {
	config := l.endpoint.config
	key := cacheKey(config.Model, cv, first, second)
	if l.cache != nil {
		if line, ok := l.cache.get(key); ok {
			l.mu.Lock()
			l.usage.Cached++
			l.mu.Unlock()
			return line.verdict(), nil
		}
	}
	a, retries, err := l.endpoint.ask(ctx, userPrompt(cv, first, second))
	if err != nil {
		l.mu.Lock()
		l.usage.Retries += retries
		l.mu.Unlock()
		return Verdict{}, err
	}
	v, fault := parseAnswer(a.text)
	l.count(a, retries, fault != nil)
	if l.cache == nil {
		return v, nil
	}
	line := cacheLine{
		Key: key, Model: config.Model, Prompt: PromptVersion(), Verdict: verdictMap(v),
		Answer:       clip(config.Key.hide(a.text), maxAnswerKept),
		PromptTokens: a.promptTokens, AnswerTokens: a.answerTokens,
	}
	if fault != nil {
		line.Fault = config.Key.hide(fault.Error())
	}
	return v, l.cache.put(line)
}

// maxAnswerKept bounds what the cache keeps of an answer, bytes.
const maxAnswerKept = 2000

func (l *LLM) count(a answered, retries int, invalid bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := &l.usage
	u.Answers++
	u.Retries += retries
	if invalid {
		u.Invalid++
	}
	if a.promptTokens == 0 && a.answerTokens == 0 {
		u.Unmetered++
	}
	u.PromptTokens += a.promptTokens
	u.AnswerTokens += a.answerTokens
	c := l.endpoint.config
	u.Cost = (float64(u.PromptTokens)*c.PromptPrice + float64(u.AnswerTokens)*c.AnswerPrice) / 1e6
}
