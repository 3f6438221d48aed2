package judge

import "unicode"

// Tokens cuts a text of any language into lower-case words, the unit of every length and overlap in this package. A word
// is a run of letters, digits and marks, with + and # at its end (C++, C#). Scripts written without spaces (Han, kana,
// Thai, Lao, Khmer, Burmese) give one token a character. Everything else separates.
func Tokens(text string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, string(word))
			word = word[:0]
		}
	}
	for _, r := range text {
		switch {
		case r > unicode.MaxLatin1 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			flush()
			out = append(out, string(r))
		case unicode.IsLetter(r), unicode.IsDigit(r), (unicode.IsMark(r) || r == '+' || r == '#') && len(word) > 0:
			word = append(word, unicode.ToLower(r))
		default:
			flush()
		}
	}
	flush()
	return out
}

// Length is the number of a text's [Tokens].
func Length(text string) int { return len(Tokens(text)) }
