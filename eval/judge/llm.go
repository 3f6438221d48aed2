package judge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"genjobrec/eval/chat"
)

// Role is the prefix of the environment variables that name the judging model, see [chat.FromEnv].
const Role = "GIRL_JUDGE"

// DefaultMaxTokens is the longest answer of the judge unless the settings say otherwise, tokens. The verdict itself takes about
// 100; the rest is for models that reason before they answer, which others do not use. Our own choice.
const DefaultMaxTokens = 4000

// LLM is a large language model as the judge. It is safe for concurrent use.
//
// Each contest is asked twice, once in each order of the two JDs, because such judges are known to favour a position
// (Zheng et al. 2023, arXiv 2306.05685, section 3.3). Where both orders agree on a criterion, that is the verdict; where
// they disagree, it is a tie; [Orders] reports how often. An answer that cannot be parsed makes the contest invalid.
type LLM struct {
	client  *chat.Client
	mu      sync.Mutex
	invalid map[[sha256.Size]byte]bool // questions whose answers could not be parsed
}

// Settings are those that [NewLLM] makes of others: temperature 0 always, but for models that refuse any (OwnTemperature); JSON
// asked for as an object and at most [DefaultMaxTokens] tokens unless they say otherwise.
func Settings(c chat.Config) chat.Config {
	c.Temperature = 0
	c.Format, c.MaxTokens = cmp.Or(c.Format, chat.FormatObject), cmp.Or(c.MaxTokens, DefaultMaxTokens)
	return c
}

// NewLLM makes a judge from the [Settings] of c. The cache may be nil; it stays the caller's to close. Invalid answers are cached too: at
// temperature 0 the same question would mostly give the same answer. Only those that were cut off at the limit of tokens are
// not, as a larger limit may make them valid ([chat.Usage].Cut).
func NewLLM(c chat.Config, cache *chat.Cache) (*LLM, error) {
	c = Settings(c)
	client, err := chat.New(c, cache)
	if err != nil {
		return nil, fmt.Errorf("judge: %w", err)
	}
	return &LLM{client: client, invalid: map[[sha256.Size]byte]bool{}}, nil
}

// Usage is what an LLM judge has used so far.
type Usage struct {
	chat.Usage
	Invalid int // different answers, cached and cut ones included, that could not be parsed
}

// Usage gives the counts so far.
func (l *LLM) Usage() Usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Usage{l.client.Usage(), len(l.invalid)}
}

// Judge asks in both orders and combines the answers.
func (l *LLM) Judge(ctx context.Context, c Contest) (Judgement, error) {
	if err := c.check(); err != nil {
		return Judgement{}, err
	}
	forward, err := l.ask(ctx, c.CV, c.A, c.B)
	if err != nil {
		return Judgement{}, fmt.Errorf("judge: %w (%v)", err, c)
	}
	backward, err := l.ask(ctx, c.CV, c.B, c.A)
	if err != nil {
		return Judgement{}, fmt.Errorf("judge: %w (%v, the other way round)", err, c)
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
	a, err := l.client.Ask(ctx, chat.Question{System: systemPrompt, User: userPrompt(cv, first, second), SchemaName: "verdict", Schema: answerSchema()})
	if err != nil {
		return Verdict{}, err
	}
	v, fault := parseAnswer(a.Text)
	if fault != nil {
		l.mu.Lock()
		l.invalid[chat.Hash(cv, first, second)] = true
		l.mu.Unlock()
	}
	return v, nil
}
