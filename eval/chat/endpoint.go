package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

// EndpointError says that the endpoint refused or failed. It holds nothing of the request and none of the endpoint's
// prose, in which some endpoints repeat parts of the key.
type EndpointError struct {
	Status   int    // HTTP status
	Code     string // the endpoint's short code, such as model_not_found, or empty
	Attempts int    // requests that were made

	hint string // what to look at, empty where nothing is known
}

// Error gives status, code and attempts, and a hint where the cause is likely a setting.
func (e *EndpointError) Error() string {
	text := fmt.Sprintf("the endpoint answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	if e.hint != "" {
		text += "; " + e.hint
	}
	return fmt.Sprintf("%s, after %d attempts", text, e.Attempts)
}

// endpoint asks one question at a time of a chat-completions service.
type endpoint struct {
	config Config
	chat   openai.ChatCompletionService
	// newLimit is set once the endpoint refused the old name of the limit of answer tokens, max_tokens. Newer models of OpenAI
	// know max_completion_tokens only, many other servers the old name only, so the old one is tried first.
	newLimit atomic.Bool
}

func newEndpoint(c Config) *endpoint {
	// The service is made directly: openai.NewClient would also read headers, organisation and other keys from the
	// environment. Retries are ours, so that waits are known, counted and tested.
	options := []option.RequestOption{
		option.WithBaseURL(c.BaseURL),
		option.WithHTTPClient(http.DefaultClient),
		option.WithMaxRetries(0),
		option.WithRequestTimeout(c.Timeout),
	}
	if c.Key != "" {
		options = append(options, option.WithAPIKey(string(c.Key)))
	}
	return &endpoint{config: c, chat: openai.NewChatCompletionService(options...)}
}

// ask sends the question until it is answered, refused for good, or the attempts are used up. Before attempt n+1 it waits
// backoff·2ⁿ⁻¹ or as long as the endpoint's Retry-After says, at most MaxBackoff. retries says how often it had to. A request
// that only named the limit of tokens wrongly is made again at once and is no attempt.
func (e *endpoint) ask(ctx context.Context, q Question) (a Answer, retries int, err error) {
	wait := e.config.Backoff
	for n := 1; ; n++ {
		newLimit := e.newLimit.Load()
		reply, err := e.chat.New(ctx, e.params(q, newLimit))
		if err == nil {
			return e.answer(reply), n - 1, nil
		}
		if ctx.Err() != nil {
			return Answer{}, n - 1, fmt.Errorf("chat: %w", ctx.Err())
		}
		if !newLimit && wantsNewLimit(err) { // of this request: another one may have changed the name meanwhile
			e.newLimit.Store(true)
			n--
			continue
		}
		again, after := transient(err)
		if !again || n >= e.config.Attempts {
			return Answer{}, n - 1, e.clean(err, n)
		}
		if err := e.config.Sleep(ctx, min(max(wait, after), e.config.MaxBackoff)); err != nil {
			return Answer{}, n - 1, fmt.Errorf("chat: %w", err)
		}
		wait = min(2*wait, e.config.MaxBackoff)
	}
}

// answer is what a reply holds. Where the endpoint does not say why an answer ended, one that took all tokens counts as cut.
func (e *endpoint) answer(reply *openai.ChatCompletion) Answer {
	a := Answer{PromptTokens: reply.Usage.PromptTokens, AnswerTokens: reply.Usage.CompletionTokens}
	if len(reply.Choices) == 0 {
		return a
	}
	choice := reply.Choices[0]
	a.Text = withoutReasoning(choice.Message.Content)
	a.Cut = choice.FinishReason == "length" || choice.FinishReason == "" && a.AnswerTokens >= e.config.MaxTokens
	return a
}

// withoutReasoning takes away the block in which many open models think before they answer, where a server hands it out as
// part of the answer: it is no part of a JD or of a verdict. Without its end, all is left as it is.
func withoutReasoning(text string) string {
	if thoughts, ok := strings.CutPrefix(strings.TrimSpace(text), "<think>"); ok {
		if _, answer, ok := strings.Cut(thoughts, "</think>"); ok {
			return strings.TrimSpace(answer)
		}
	}
	return text
}

// params is the request for one answer, with the new name of the limit of tokens or the old one.
func (e *endpoint) params(q Question, newLimit bool) openai.ChatCompletionNewParams {
	p := openai.ChatCompletionNewParams{
		Model:    e.config.Model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.SystemMessage(q.System), openai.UserMessage(q.User)},
	}
	if newLimit {
		p.MaxCompletionTokens = openai.Int(e.config.MaxTokens)
	} else {
		p.MaxTokens = openai.Int(e.config.MaxTokens)
	}
	if !e.config.OwnTemperature {
		p.Temperature = openai.Float(e.config.Temperature)
	}
	switch e.config.Format {
	case FormatObject:
		p.ResponseFormat.OfJSONObject = &shared.ResponseFormatJSONObjectParam{}
	case FormatSchema:
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: q.SchemaName, Strict: openai.Bool(true), Schema: q.Schema},
		}
	}
	return p
}

// transient says whether the same question may be answered later, and how long the endpoint asks to wait. Too many
// requests, faults of the server, timeouts and broken connections pass; an exhausted account does not, although OpenAI
// reports it as too many requests.
func transient(err error) (again bool, after time.Duration) {
	var refused *openai.Error
	if errors.As(err, &refused) {
		s := refused.StatusCode
		again = s == http.StatusRequestTimeout || s == http.StatusTooManyRequests && refused.Code != "insufficient_quota" || s >= 500
		if refused.Response != nil {
			after = retryAfter(refused.Response.Header.Get("Retry-After"), time.Now())
		}
		return again, after
	}
	var network *url.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network), 0
}

// retryAfter reads the header of that name: seconds or a date. 0 where it says nothing of use.
func retryAfter(header string, now time.Time) time.Duration {
	if s, err := strconv.Atoi(header); err == nil && s > 0 {
		return time.Duration(min(s, 24*60*60)) * time.Second
	}
	if t, err := http.ParseTime(header); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// clean makes an error that holds nothing of the request. The original is not wrapped, as it carries the request with the
// key in its header.
func (e *endpoint) clean(err error, attempts int) error {
	var refused *openai.Error
	if errors.As(err, &refused) {
		return fmt.Errorf("chat: %w", &EndpointError{Status: refused.StatusCode, Code: clip(e.config.Key.hide(refused.Code), 60), Attempts: attempts, hint: e.config.hint(refused)})
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("chat: no answer within %v, after %d attempts", e.config.Timeout, attempts)
	}
	return fmt.Errorf("chat: after %d attempts: %s", attempts, clip(e.config.Key.hide(err.Error()), 300))
}

// sleepFunc waits for d, or until ctx ends, whose error it then returns.
type sleepFunc func(ctx context.Context, d time.Duration) error

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
