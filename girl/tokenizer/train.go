package tokenizer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// Options are the choices of Train; all of them are this project's own, not the paper's.
type Options struct {
	// VocabSize is the number of tokens wanted, special tokens and the 256 bytes included; at least
	// 256 plus the special tokens. Training stops below it where no pair is frequent enough.
	VocabSize int
	// SpecialTokens take the ids 0, 1, … in this order; nil means DefaultSpecialTokens(), an empty
	// slice means none. Each must be valid UTF-8, not empty, unlike the others and unlike the name
	// of a byte.
	SpecialTokens []string
	// MinFrequency is how often a pair must occur in the texts to be merged; 0 means 2.
	MinFrequency int
}

// Train learns a tokenizer from texts: it counts the words of all texts, then makes the most
// frequent pair of neighbouring tokens a new token, VocabSize times less what is there from the
// start. The ids are the special tokens, then the bytes 0x00 to 0xFF, then the learnt tokens in the
// order of their merges.
//
// The result depends on the multiset of texts alone: of pairs equally frequent the one with the
// smaller ids goes first (left before right). A pair whose bytes are already a token is not merged,
// so that every token has one merge that makes it.
//
// Texts may hold any bytes. Memory: every distinct word once, at about 60 bytes a byte of text.
// Errors: options out of range, texts without a word, more than 2 GiB of distinct words, and
// ctx's error when it ends.
func Train(ctx context.Context, texts iter.Seq[string], opts Options) (*Tokenizer, error) {
	if opts.SpecialTokens == nil {
		opts.SpecialTokens = DefaultSpecialTokens()
	}
	if opts.MinFrequency == 0 {
		opts.MinFrequency = 2
	}
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}
	words, err := countWords(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}
	t, err := learn(ctx, words, opts)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: train: %w", err)
	}
	return t, nil
}

func (o Options) check() error {
	if least := 256 + len(o.SpecialTokens); o.VocabSize < least || o.VocabSize > 1<<24 {
		return fmt.Errorf("VocabSize is %d, want %d (256 bytes and the special tokens) to %d", o.VocabSize, least, 1<<24)
	}
	if o.MinFrequency < 1 {
		return fmt.Errorf("MinFrequency is %d, want at least 1", o.MinFrequency)
	}
	seen := make(map[string]bool)
	for i, name := range o.SpecialTokens {
		bytes, isBytes := bytesOfName(name)
		switch {
		case name == "":
			return fmt.Errorf("SpecialTokens[%d] is empty", i)
		case !utf8.ValidString(name):
			return fmt.Errorf("SpecialTokens[%d] %q is not valid UTF-8", i, name)
		case seen[name]:
			return fmt.Errorf("SpecialTokens[%d] %q appears twice", i, name)
		case isBytes && len(bytes) == 1:
			return fmt.Errorf("SpecialTokens[%d] %q is the name of byte 0x%02x", i, name, bytes[0])
		}
		seen[name] = true
	}
	return nil
}

// wordCount is a word of the training texts and how often it occurs.
type wordCount struct {
	word  string
	count int64
}

// countWords returns the distinct words in the order of their first appearance.
func countWords(ctx context.Context, texts iter.Seq[string]) ([]wordCount, error) {
	var words []wordCount
	index := make(map[string]int)
	for text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for len(text) > 0 {
			n := nextWord(text)
			word := text[:n]
			text = text[n:]
			if i, ok := index[word]; ok {
				words[i].count++
				continue
			}
			word = strings.Clone(word) // do not keep the whole text alive
			index[word] = len(words)
			words = append(words, wordCount{word, 1})
		}
	}
	if len(words) == 0 {
		return nil, errors.New("the texts are empty")
	}
	return words, nil
}

// learn runs the merges.
func learn(ctx context.Context, words []wordCount, opts Options) (*Tokenizer, error) {
	tokens := append(make([]string, 0, opts.VocabSize), opts.SpecialTokens...)
	firstByte := int32(len(tokens))
	taken := make(map[string]bool, opts.VocabSize) // names as in the file, where all share one map
	for _, name := range tokens {
		taken[name] = true
	}
	for b := range 256 {
		token := string([]byte{byte(b)})
		tokens = append(tokens, token)
		taken[byteName(token)] = true
	}
	c, err := newCorpus(words, firstByte, int64(opts.MinFrequency))
	if err != nil {
		return nil, err
	}
	var merges []pair
	for len(tokens) < opts.VocabSize {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		best, ok := c.mostFrequent()
		if !ok {
			break
		}
		made := tokens[best.left] + tokens[best.right]
		name := byteName(made)
		if taken[name] {
			c.forget(best)
			continue
		}
		taken[name] = true
		c.merge(best, int32(len(tokens)))
		tokens = append(tokens, made)
		merges = append(merges, best)
	}
	special := make([]bool, len(tokens))
	for id := range firstByte {
		special[id] = true
	}
	return newTokenizer(tokens, special, merges)
}
