package tokenizer

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"

	"genjobrec/results/wholefile"
)

// Save writes the tokenizer as a tokenizer.json file that [Load] and Hugging Face tokenizers read;
// merges are "a b" strings, which all releases of that library know. The same tokenizer gives the
// same bytes. The file appears complete or not at all: it is written beside path under a temporary
// name, synced and renamed. Errors are those of the file system and name the file.
func (t *Tokenizer) Save(path string) error {
	if err := wholefile.WriteBytes(path, t.format()); err != nil {
		return fmt.Errorf("tokenizer: save %s: %w", path, err)
	}
	return nil
}

// format returns the content of the file, the vocabulary in the order of the ids.
func (t *Tokenizer) format() []byte {
	const (
		head = `{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [`
		added = `    {
      "id": %d,
      "content": %s,
      "single_word": false,
      "lstrip": false,
      "rstrip": false,
      "normalized": false,
      "special": true
    }`
		parts = `],
  "normalizer": null,
  "pre_tokenizer": {
    "type": "ByteLevel",
    "add_prefix_space": false,
    "trim_offsets": true,
    "use_regex": true
  },
  "post_processor": null,
  "decoder": {
    "type": "ByteLevel",
    "add_prefix_space": false,
    "trim_offsets": true,
    "use_regex": true
  },
  "model": {
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "ignore_merges": false,
    "vocab": {`
		merges = `},
    "merges": [`
		tail = `]
  }
}
`
	)
	var specials, vocab, rules list
	for id, token := range t.tokens {
		if t.special[id] {
			specials.add(added, id, quote(token))
			vocab.add("      %s: %d", quote(token), id)
		} else {
			vocab.add("      %s: %d", quote(byteName(token)), id)
		}
	}
	for _, m := range t.merges {
		rules.add("      %s", quote(byteName(t.tokens[m.left])+" "+byteName(t.tokens[m.right])))
	}
	var out bytes.Buffer
	out.WriteString(head)
	out.Write(specials.close("  "))
	out.WriteString(parts)
	out.Write(vocab.close("    "))
	out.WriteString(merges)
	out.Write(rules.close("    "))
	out.WriteString(tail)
	return out.Bytes()
}

// list writes the items of a JSON array or object, one a line.
type list struct{ bytes.Buffer }

func (l *list) add(format string, args ...any) {
	if l.Len() > 0 {
		l.WriteByte(',')
	}
	l.WriteByte('\n')
	fmt.Fprintf(l, format, args...)
}

// close returns the items, the closing bracket to come indented where there are any.
func (l *list) close(indent string) []byte {
	if l.Len() > 0 {
		l.WriteString("\n" + indent)
	}
	return l.Bytes()
}

// quote writes valid UTF-8, which all names are, as a JSON string.
func quote(s string) []byte {
	quoted, _ := jsontext.AppendQuote(nil, s) // its only error is invalid UTF-8
	return quoted
}
