package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// class is what a character is to the word pattern.
type class uint8

const (
	other class = iota // neither of the below: punctuation, symbols, marks, invalid bytes
	letter
	number
	space
)

var asciiClass = func() (table [utf8.RuneSelf]class) {
	for r := range rune(utf8.RuneSelf) {
		table[r] = classOf(r)
	}
	return table
}()

func classOf(r rune) class {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// classAt returns the class of the character at text[i] and its length in bytes. A byte that is not
// part of valid UTF-8 is a character of its own, of class other.
func classAt(text string, i int) (class, int) {
	if b := text[i]; b < utf8.RuneSelf {
		return asciiClass[b], 1
	}
	r, size := utf8.DecodeRuneInString(text[i:])
	return classOf(r), size
}

// nextWord returns the length in bytes of the first word of a text that is not empty. It equals
// GPT-2's pattern, matched at the start of the text:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// where \s is the Unicode property White_Space. A text is the concatenation of its words.
func nextWord(text string) int {
	if text[0] == '\'' {
		if n := contraction(text); n > 0 {
			return n
		}
	}
	c, size := classAt(text, 0)
	if c != space {
		return size + runOf(c, text[size:])
	}
	if text[0] == ' ' && len(text) > 1 {
		if c, _ := classAt(text, 1); c != space {
			return 1 + runOf(c, text[1:])
		}
	}
	return spaces(text)
}

// contraction returns the length of the English contraction that text starts with, or 0.
func contraction(text string) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(text) > 2 {
		switch text[1:3] {
		case "re", "ve", "ll":
			return 3
		}
	}
	return 0
}

// runOf returns the length in bytes of the longest prefix whose characters are all of class c.
func runOf(c class, text string) int {
	i := 0
	for i < len(text) {
		at, size := classAt(text, i)
		if at != c {
			break
		}
		i += size
	}
	return i
}

// spaces is \s+(?!\S)|\s+ for a text that starts with white space: the whole run at the end of the
// text; before anything else all but the run's last character, which may belong to the next word;
// and a single character where that would leave nothing.
func spaces(text string) int {
	i, last := 0, 0
	for i < len(text) {
		c, size := classAt(text, i)
		if c != space {
			if last == 0 {
				return i
			}
			return last
		}
		last = i
		i += size
	}
	return i
}
