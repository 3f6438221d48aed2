// Package tokenizer is a byte-level BPE: it is trained on texts of any language, turns text into
// token ids and back without losing a byte, and lives in a tokenizer.json file that Hugging Face
// tokenizers reads too.
//
// The scheme is GPT-2's (Radford et al. 2019, "Language Models are Unsupervised Multitask
// Learners", section 2.2): a text is cut into words, a word starts as its bytes, and learnt merges
// join neighbours. Every byte has a token, so nothing is ever unknown and any byte string, valid
// UTF-8 or not, comes back as it was.
//
// Special tokens are ids, never text. Text is untrusted here: "<|endoftext|>" inside a CV is
// encoded as the ordinary characters it consists of, and no text whatsoever encodes to a special
// id. Callers place special ids themselves, by [Tokenizer.ID]. (The Hugging Face library does look
// for special tokens in text unless its encode_special_tokens flag is set: the one difference.)
package tokenizer

import (
	"fmt"
	"slices"
)

// The special tokens of this project, in the order of their ids.
const (
	Pad       = "<|pad|>"       // id 0: fills the short rows of a batch
	EndOfText = "<|endoftext|>" // id 1: ends a generated text
	CV        = "<|cv|>"        // id 2: opens the CV of a prompt
	JD        = "<|jd|>"        // id 3: opens the JD of a prompt
)

// DefaultSpecialTokens returns Pad, EndOfText, CV and JD, in that order.
func DefaultSpecialTokens() []string { return []string{Pad, EndOfText, CV, JD} }

// pair is two neighbouring tokens.
type pair struct{ left, right int32 }

// rule is what a merge does: a lower rank goes first, id is the token it makes.
type rule struct{ rank, id int32 }

// noRule marks two neighbours that no merge joins.
var noRule = rule{rank: 1<<31 - 1, id: -1}

// Tokenizer is an immutable vocabulary with its merges. It is safe for concurrent use.
// Make one with [Train] or [Load].
type Tokenizer struct {
	tokens   []string         // by id: the bytes of an ordinary token, the name of a special one
	special  []bool           // by id
	ordinary map[string]int32 // bytes → id
	names    map[string]int32 // special token → id
	bytes    [256]int32       // byte → id
	merges   []pair           // by rank
	rules    map[pair]rule
	cache    *wordCache
}

// newTokenizer indexes a vocabulary. It reports tokens that appear twice, bytes without a token,
// and merges that make no ordinary token or repeat an earlier merge; errors name the key that a
// tokenizer.json file has for it.
func newTokenizer(tokens []string, special []bool, merges []pair) (*Tokenizer, error) {
	t := &Tokenizer{
		tokens:   tokens,
		special:  special,
		ordinary: make(map[string]int32, len(tokens)),
		names:    make(map[string]int32),
		merges:   merges,
		rules:    make(map[pair]rule, len(merges)),
		cache:    newWordCache(),
	}
	for id, token := range tokens {
		index := t.ordinary
		if special[id] {
			index = t.names
		}
		if other, ok := index[token]; ok {
			return nil, fmt.Errorf("model.vocab: token %q has two ids, %d and %d", token, other, id)
		}
		index[token] = int32(id)
	}
	for b := range 256 {
		id, ok := t.ordinary[string([]byte{byte(b)})]
		if !ok {
			return nil, fmt.Errorf("model.vocab: byte 0x%02x has no token (its name would be %q)", b, byteName(string([]byte{byte(b)})))
		}
		t.bytes[b] = id
	}
	for rank, m := range merges {
		made := tokens[m.left] + tokens[m.right]
		id, ok := t.ordinary[made]
		if !ok || special[m.left] || special[m.right] {
			return nil, fmt.Errorf("model.merges[%d] joins %q and %q, but %q is no ordinary token", rank, tokens[m.left], tokens[m.right], made)
		}
		if _, ok := t.rules[m]; ok {
			return nil, fmt.Errorf("model.merges[%d] joins %q and %q a second time", rank, tokens[m.left], tokens[m.right])
		}
		t.rules[m] = rule{rank: int32(rank), id: id}
	}
	return t, nil
}

// VocabSize returns the number of tokens, special ones included. Ids run from 0 to VocabSize()-1.
func (t *Tokenizer) VocabSize() int { return len(t.tokens) }

// ID returns the id of a token: the name of a special token, or else the exact bytes of an ordinary
// one (" the", not "Ġthe"). ok is false where there is no such token.
func (t *Tokenizer) ID(token string) (id int32, ok bool) {
	if id, ok = t.names[token]; ok {
		return id, true
	}
	id, ok = t.ordinary[token]
	return id, ok
}

// Token returns the name of a special token or the bytes of an ordinary one, which may be a part of
// a UTF-8 character. ok is false for an id outside [0, VocabSize()).
func (t *Tokenizer) Token(id int32) (token string, ok bool) {
	if id < 0 || int(id) >= len(t.tokens) {
		return "", false
	}
	return t.tokens[id], true
}

// IsSpecial reports whether id is a special token; false for an id outside [0, VocabSize()).
func (t *Tokenizer) IsSpecial(id int32) bool {
	return id >= 0 && int(id) < len(t.special) && t.special[id]
}

// SpecialTokens returns the names of the special tokens, in the order of their ids.
func (t *Tokenizer) SpecialTokens() []string {
	var names []string
	for id, special := range t.special {
		if special {
			names = append(names, t.tokens[id])
		}
	}
	return slices.Clip(names)
}
