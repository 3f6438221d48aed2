package tokenizer

import "strings"

// unknown stands for an id outside the vocabulary in decoded text.
const unknown = "\uFFFD"

// Decode returns the text of ids, special tokens written by their names ("<|endoftext|>").
// The result may be invalid UTF-8 where ids start or end within a character, as a generated text
// that was cut off does. An id outside [0, VocabSize()) becomes U+FFFD.
func (t *Tokenizer) Decode(ids []int32) string { return t.decode(ids, false) }

// DecodeText is Decode without the special tokens: what a reader of the text should see.
func (t *Tokenizer) DecodeText(ids []int32) string { return t.decode(ids, true) }

func (t *Tokenizer) decode(ids []int32, skipSpecial bool) string {
	var text strings.Builder
	text.Grow(4 * len(ids))
	for _, id := range ids {
		token, ok := t.Token(id)
		switch {
		case !ok:
			text.WriteString(unknown)
		case skipSpecial && t.special[id]:
		default:
			text.WriteString(token)
		}
	}
	return text.String()
}
