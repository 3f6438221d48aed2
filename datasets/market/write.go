package market

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Shares of the two sides' own wording; the rest borrows the other side's.
const (
	ownTitleJD, ownSkillJD = 0.90, 0.85
	ownTitleCV, ownSkillCV = 0.68, 0.72
	ownCityName            = 0.55 // else a district
)

// side picks between a side's own words and the other side's.
func side(r *rand.Rand, own, other words, share float64) string {
	if r.Float64() < share {
		return pick(r, own)
	}
	return pick(r, other)
}

func placeName(r *rand.Rand, c City) string {
	e := lexicon().cities[c]
	if r.Float64() < ownCityName {
		return e.name
	}
	return pick(r, e.districts)
}

// otherPlace names a city that is not c.
func otherPlace(r *rand.Rand, c City) string {
	for {
		if o := City(1 + r.IntN(len(lexicon().cities)-1)); o != c {
			return lexicon().cities[o].name
		}
	}
}

func payText(r *rand.Rand, pay int, ranges bool) string {
	top := strconv.Itoa(pay)
	if ranges && r.Float64() < 0.4 {
		low := strconv.Itoa(pay - 2 - r.IntN(4))
		return pick(r, words{low + "-" + top + "k", low + " to " + top + "k"})
	}
	return pick(r, words{top + "k", top + "k a year", top + ",000 a year", top + " thousand"})
}

func yearsText(r *rand.Rand, s Seniority) string {
	y := yearsOf[s]
	n := y[0] + r.IntN(y[1]-y[0]+1)
	if n == 1 {
		return "1 year"
	}
	return strconv.Itoa(n) + " years"
}

// list joins with commas and a last "and".
func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

func article(s string) string {
	if s != "" && strings.ContainsRune("aeiouAEIOU", rune(s[0])) || strings.HasPrefix(s, "HR") {
		return "an " + s
	}
	return "a " + s
}

func upperFirst(s string) string {
	c, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(c)) + s[n:]
}

// fill replaces {key} by its value; pairs are key, value, key, value. The first letter of the result is upper case.
func fill(template string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		template = strings.ReplaceAll(template, "{"+pairs[i]+"}", pairs[i+1])
	}
	return upperFirst(template)
}

// typos misspells words of at least four letters at the given rate: a letter dropped, doubled or swapped with the next.
func typos(r *rand.Rand, text string, rate float64) string {
	var b strings.Builder
	b.Grow(len(text) + 4)
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && isLetter(text[j]) {
			j++
		}
		if j == i {
			b.WriteByte(text[i])
			i++
			continue
		}
		word := text[i:j]
		i = j
		if len(word) < 4 || r.Float64() >= rate {
			b.WriteString(word)
			continue
		}
		k := 1 + r.IntN(len(word)-2)
		switch r.IntN(3) {
		case 0:
			b.WriteString(word[:k] + word[k+1:])
		case 1:
			b.WriteString(word[:k] + word[k:k+1] + word[k:])
		default:
			b.WriteString(word[:k] + word[k+1:k+2] + word[k:k+1] + word[k+2:])
		}
	}
	return b.String()
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
