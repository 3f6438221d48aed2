package tokenizer

import (
	"encoding/json/jsontext"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxFileSize is far above any byte-level vocabulary: that of GPT-2 takes 2 MB.
const maxFileSize = 1 << 28 // bytes

// Load reads a tokenizer.json file of version "1.0" that holds a byte-level BPE as [Tokenizer.Save]
// and Hugging Face tokenizers write it: model BPE, pre-tokenizer ByteLevel with the word pattern and
// without a prefix space, decoder ByteLevel, post-processor none or ByteLevel. Merges may be
// "a b" strings or ["a", "b"] arrays.
//
// Whatever else a file asks for is an error that names the file and the key, because ids that
// mean something else would spoil a model in silence: normalizers, Sequence or Split
// pre-tokenizers, templates, truncation, padding, dropout, byte_fallback, ignore_merges, added
// tokens that are not special, unknown or repeated keys, bytes without a token, merges of or into
// tokens that are not in the vocabulary, ids given twice or left out, and truncated files.
func Load(path string) (*Tokenizer, error) {
	data, err := readLimited(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: load: %w", err) // an *os.PathError names the file
	}
	t, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: load %s: %w", path, err)
	}
	return t, nil
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only: nothing to lose
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileSize {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFileSize)
	}
	return data, nil
}

// parse is Load for the content of a file.
func parse(data []byte) (*Tokenizer, error) {
	var f fileFormat
	if err := strict(data, &f); err != nil {
		return nil, err
	}
	if err := f.checkParts(); err != nil {
		return nil, err
	}
	model, err := readModel(f.Model)
	if err != nil {
		return nil, err
	}
	specials, err := readSpecials(f.AddedTokens)
	if err != nil {
		return nil, err
	}
	vocab, err := readVocab(model.Vocab)
	if err != nil {
		return nil, err
	}
	tokens, special, err := vocabulary(vocab, specials)
	if err != nil {
		return nil, err
	}
	merges, err := readMerges(model.Merges, vocab, specials)
	if err != nil {
		return nil, err
	}
	return newTokenizer(tokens, special, merges)
}

// readVocab turns away null, which JSON decoding would take for 0.
func readVocab(raw map[string]*int32) (map[string]int32, error) {
	vocab := make(map[string]int32, len(raw))
	for name, id := range raw {
		if id == nil {
			return nil, fmt.Errorf("model.vocab: the id of %q is null", name)
		}
		vocab[name] = *id
	}
	return vocab, nil
}

// readSpecials returns the added tokens: name → id.
func readSpecials(added []addedToken) (map[string]int32, error) {
	specials := make(map[string]int32)
	for i, a := range added {
		key := fmt.Sprintf("added_tokens[%d]", i)
		_, repeated := specials[a.Content]
		switch {
		case a.ID == nil:
			return nil, fmt.Errorf("%s.id is missing", key)
		case a.Content == "":
			return nil, fmt.Errorf("%s.content is missing or empty", key)
		case repeated:
			return nil, fmt.Errorf("%s.content %q appears twice", key, a.Content)
		case !a.Special:
			return nil, fmt.Errorf("%s.special of %q is not true, only special tokens are understood", key, a.Content)
		case a.SingleWord || a.LStrip || a.RStrip:
			return nil, fmt.Errorf("%s %q has single_word, lstrip or rstrip set, only false is understood", key, a.Content)
		}
		specials[a.Content] = *a.ID
	}
	return specials, nil
}

// vocabulary lists all tokens by id. A special token may be in vocab too, under the same id.
func vocabulary(vocab, specials map[string]int32) (tokens []string, special []bool, err error) {
	size := len(vocab)
	for name, id := range specials {
		if other, ok := vocab[name]; !ok {
			size++
		} else if other != id {
			return nil, nil, fmt.Errorf("added_tokens: %q has id %d, but %d in model.vocab", name, id, other)
		}
	}
	tokens, special = make([]string, size), make([]bool, size)
	given := make([]bool, size)
	set := func(key, name string, id int32, token string, isSpecial bool) error {
		switch {
		case id < 0 || int(id) >= size:
			return fmt.Errorf("%s: id %d of %q is outside 0 to %d: ids of %d tokens must leave no hole", key, id, name, size-1, size)
		case given[id]:
			return fmt.Errorf("%s: id %d of %q is also the id of another token", key, id, name)
		}
		tokens[id], special[id], given[id] = token, isSpecial, true
		return nil
	}
	for name, id := range specials {
		if err := set("added_tokens", name, id, name, true); err != nil {
			return nil, nil, err
		}
	}
	for name, id := range vocab {
		if _, ok := specials[name]; ok {
			continue
		}
		token, ok := bytesOfName(name)
		if !ok || name == "" {
			return nil, nil, fmt.Errorf("model.vocab: %q (id %d) is neither byte-level nor in added_tokens", name, id)
		}
		if err := set("model.vocab", name, id, token, false); err != nil {
			return nil, nil, err
		}
	}
	return tokens, special, nil // size distinct ids in [0, size): no holes
}

// readMerges resolves the names in the merges to ids.
func readMerges(values []jsontext.Value, vocab, specials map[string]int32) ([]pair, error) {
	merges := make([]pair, 0, len(values))
	for rank, value := range values {
		key := fmt.Sprintf("model.merges[%d]", rank)
		left, right, err := mergeNames(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		for _, name := range []string{left, right, left + right} {
			if _, ok := vocab[name]; !ok {
				return nil, fmt.Errorf("%s: %q is not in model.vocab", key, name)
			}
			if _, ok := specials[name]; ok {
				return nil, fmt.Errorf("%s: %q is a special token", key, name)
			}
		}
		merges = append(merges, pair{vocab[left], vocab[right]})
	}
	return merges, nil
}

// mergeNames reads "a b" or ["a", "b"].
func mergeNames(value jsontext.Value) (left, right string, err error) {
	if value.Kind() == '[' {
		var names []string
		if err := strict(value, &names); err != nil {
			return "", "", err
		}
		if len(names) != 2 {
			return "", "", fmt.Errorf("has %d names, want 2", len(names))
		}
		return names[0], names[1], nil
	}
	var line string
	if err := strict(value, &line); err != nil {
		return "", "", err
	}
	left, right, ok := strings.Cut(line, " ")
	if !ok || strings.Contains(right, " ") {
		return "", "", fmt.Errorf("%q is not two names with a space between", line)
	}
	return left, right, nil
}
