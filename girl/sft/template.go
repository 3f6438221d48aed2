// Package sft fine-tunes the writer on matched CV–JD pairs (stage 1 of GIRL): it minimises −Σ log Pr(vₜ | v₍<ₜ₎, C, T; G)
// over the JD's tokens and the end-of-text token.
package sft

import (
	"fmt"
	"strings"

	"genjobrec/girl/lm"
	"genjobrec/girl/tokenizer"
)

// Template turns a CV and a JD into a prompt and a response:
//
//	<|cv|> CV <|jd|>   |   JD <|endoftext|>
//
// The marks are special tokens, which text can never produce (see package tokenizer); a small model trained from scratch
// needs no instruction in words. Longer texts are cut to their first tokens. A JD that was cut still ends in end-of-text: the writer then learns to write
// the beginning of a JD and to stop there.
type Template struct {
	MaxPrompt   int // tokens, marks included
	MaxResponse int // tokens, end-of-text included

	tok         *tokenizer.Tokenizer
	eos, cv, jd int32
}

// NewTemplate looks the special tokens up.
func NewTemplate(tok *tokenizer.Tokenizer, maxPrompt, maxResponse int) (*Template, error) {
	if maxPrompt < 3 || maxResponse < 2 {
		return nil, fmt.Errorf("sft: template needs max_prompt ≥ 3 and max_response ≥ 2, got %d and %d", maxPrompt, maxResponse)
	}
	t := &Template{MaxPrompt: maxPrompt, MaxResponse: maxResponse, tok: tok}
	for _, s := range []struct {
		name string
		id   *int32
	}{{tokenizer.EndOfText, &t.eos}, {tokenizer.CV, &t.cv}, {tokenizer.JD, &t.jd}} {
		id, ok := tok.ID(s.name)
		if !ok {
			return nil, fmt.Errorf("sft: the tokenizer has no token %s", s.name)
		}
		*s.id = id
	}
	return t, nil
}

// EOS is the id of the end-of-text token.
func (t *Template) EOS() int32 { return t.eos }

// Prompt encodes a CV.
func (t *Template) Prompt(cv string) []int32 {
	ids := t.tok.Encode(cv)
	ids = ids[:min(len(ids), t.MaxPrompt-2)]
	prompt := make([]int32, 0, len(ids)+2)
	prompt = append(prompt, t.cv)
	prompt = append(prompt, ids...)
	return append(prompt, t.jd)
}

// Response encodes a JD.
func (t *Template) Response(jd string) []int32 {
	ids := t.tok.Encode(jd)
	ids = ids[:min(len(ids), t.MaxResponse-1)]
	response := make([]int32, 0, len(ids)+1)
	response = append(response, ids...)
	return append(response, t.eos)
}

// Sequence is a CV and a JD together.
func (t *Template) Sequence(cv, jd string) lm.Sequence {
	return lm.Sequence{Prompt: t.Prompt(cv), Response: t.Response(jd)}
}

// Text decodes a response without its end-of-text token. A response that stops in the middle of a character ends in U+FFFD.
func (t *Template) Text(response []int32) string {
	if n := len(response); n > 0 && response[n-1] == t.eos {
		response = response[:n-1]
	}
	return strings.ToValidUTF8(t.tok.DecodeText(response), "\uFFFD")
}
