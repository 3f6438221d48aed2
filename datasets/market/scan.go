package market

// maxWord is the longest word that is looked at for typing errors.
const maxWord = 24

// gap says what stands before a word.
type gap uint8

const (
	gapNone   gap = iota // blank, hyphen, apostrophe: a phrase may go on
	gapClause            // comma, colon, slash, bracket: the clause ends
	gapStop              // full stop, line end: the sentence ends
)

// token is one word in lower case, made of letters, digits, + and #, or a run of characters outside ASCII.
type token struct {
	text   string
	before gap
}

// tokens appends the words of a text to dst.
func tokens(dst []token, text string) []token {
	sep := gapStop
	for i := 0; i < len(text); {
		c := text[i]
		if !wordByte(c) {
			sep = max(sep, gapOf(c))
			i++
			continue
		}
		j, upper := i, false
		for j < len(text) && wordByte(text[j]) && (text[j] >= 0x80) == (c >= 0x80) {
			upper = upper || 'A' <= text[j] && text[j] <= 'Z'
			j++
		}
		word := text[i:j]
		if upper {
			word = lower(word)
		}
		dst = append(dst, token{word, sep})
		i, sep = j, gapNone
	}
	return dst
}

func wordByte(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || c == '+' || c == '#' || c >= 0x80
}

func gapOf(c byte) gap {
	switch c {
	case ' ', '-', '\'', '\t':
		return gapNone
	case '.', '!', '?', ';', '\n', '\r':
		return gapStop
	}
	return gapClause
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// match is a phrase found in a text, from word start up to end.
type match struct {
	term
	start, end int
}

// scanned is a text as words and phrases.
type scanned struct {
	tokens  []token
	matches []match
	pays    []int // thousand a year, in order
	years   []int // years of experience
	odd     int   // words outside the language
}

// scan finds the phrases of a text from left to right, the longest first; a phrase never crosses a comma or a stop.
func scan(text string) *scanned {
	p := language()
	s := &scanned{tokens: tokens(make([]token, 0, 96), text), matches: make([]match, 0, 24)}
	numbers := make([]int32, len(s.tokens))
	for i, t := range s.tokens {
		numbers[i] = -1
		if _, isNumber := leadingNumber(t.text); isNumber {
			continue
		}
		var buf [maxWord]byte
		numbers[i] = p.lookup(append(buf[:0], t.text...))
		if numbers[i] < 0 {
			s.odd++
		}
	}
	for i := 0; i < len(s.tokens); {
		best, end := int32(0), i
		node := int32(0)
		for j := i; j < len(s.tokens) && numbers[j] >= 0 && (j == i || s.tokens[j].before == gapNone); j++ {
			if node == 0 {
				node = p.root[numbers[j]]
			} else {
				node = p.next[uint64(node)<<32|uint64(numbers[j])]
			}
			if node == 0 {
				break
			}
			if p.terms[node].kind != kindNone {
				best, end = node, j+1
			}
		}
		if end == i {
			s.number(i)
			i++
			continue
		}
		s.matches = append(s.matches, match{p.terms[best], i, end})
		i = end
	}
	return s
}

// number reads pay and years at word i: "45k", "40-45k", "40 to 45k" (the top counts), "45,000", "45 thousand", "7 years".
func (s *scanned) number(i int) {
	v, ok := leadingNumber(s.tokens[i].text)
	if !ok || v <= 0 || v >= 1000 {
		return
	}
	word := s.tokens[i].text
	if word[len(word)-1] == 'k' {
		s.pays = append(s.pays, v)
		return
	}
	if i+1 >= len(s.tokens) || s.tokens[i+1].before == gapStop {
		return
	}
	switch s.tokens[i+1].text {
	case "000", "thousand", "k":
		s.pays = append(s.pays, v)
	case "year", "years":
		s.years = append(s.years, v)
	}
}

// leadingNumber reads "45" and "45k".
func leadingNumber(s string) (int, bool) {
	v, i := 0, 0
	for i < len(s) && i < 6 && '0' <= s[i] && s[i] <= '9' {
		v = v*10 + int(s[i]-'0')
		i++
	}
	return v, i > 0 && (i == len(s) || i == len(s)-1 && s[i] == 'k')
}
