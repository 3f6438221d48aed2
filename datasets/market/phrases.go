package market

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// kind is what a phrase of the language means.
type kind uint8

const (
	kindNone kind = iota
	kindTitle
	kindSkill
	kindCity
	kindEmployer
	kindLevel  // a seniority word
	kindGrade  // how well a skill is known
	kindMode   // place of work
	kindMove   // willingness to move
	kindDesire // ambition
	kindMarker // changes what the rest of the clause means
	kindTask   // the task sentence of an occupation
	kindSelf   // somebody speaks about himself: a CV, not a JD
)

// The values of kindMarker.
const (
	markColleague uint8 = iota + 1 // titles belong to somebody else
	markBefore                     // titles are past
	markLearn                      // skills are not there, or not needed
	markElsewhere                  // cities are not the place of work or living
)

// term is the meaning of a phrase.
type term struct {
	kind  kind
	value uint8
}

// phrases finds the language's phrases in a sequence of words: a trie over word numbers.
type phrases struct {
	words   map[string]int32   // every word of the language, phrases and filling sentences alike, in lower case
	next    map[uint64]int32   // node and word to node; the root is node 0
	root    []int32            // children of the root by word number, 0 for none
	terms   []term             // by node
	repairs map[string][]int32 // the phrase words that give this form when they lose one letter
	spell   []string           // words by number
	clashes []string           // phrases that mean two things; empty in a sound lexicon
}

// minRepair is the shortest word that is recognised with one typing error.
const minRepair = 5

// language returns the phrase index. It is built once from constants and never changes.
var language = sync.OnceValue(buildPhrases)

func buildPhrases() *phrases {
	x := lexicon()
	p := &phrases{words: map[string]int32{}, next: map[uint64]int32{}, terms: make([]term, 1), repairs: map[string][]int32{}}
	all := func(k kind, v uint8, lists ...words) {
		for _, l := range lists {
			for _, phrase := range l {
				p.add(phrase, term{k, v})
			}
		}
	}
	for i, o := range x.occupations {
		all(kindTitle, uint8(i), o.jd, o.cv)
	}
	for i, s := range x.skills {
		all(kindSkill, uint8(i), s.jd, s.cv)
	}
	for i, c := range x.cities[1:] {
		all(kindCity, uint8(i+1), words{c.name}, c.districts)
	}
	for i, e := range x.employers[1:] {
		all(kindEmployer, uint8(i+1), words{e.name})
	}
	for s := range levelJD {
		all(kindLevel, uint8(s), levelJD[s], levelCV[s])
	}
	for m, l := range modeWords {
		all(kindMode, uint8(m), l)
	}
	for m, l := range moveWords {
		all(kindMove, uint8(m), l)
	}
	all(kindDesire, 1, climbWords)
	all(kindDesire, 2, calmWords)
	all(kindGrade, 1, basicWords)
	all(kindGrade, 3, goodWords)
	all(kindMarker, markColleague, colleagueWords)
	all(kindMarker, markBefore, beforeWords)
	all(kindMarker, markLearn, learnWords)
	all(kindMarker, markElsewhere, elsewhereWords)
	p.buildRepairs()
	for i, o := range x.occupations[1:] {
		all(kindTask, uint8(i+1), words{o.task})
		all(kindSelf, 1, words{o.did})
	}
	all(kindSelf, 1, selfWords)
	for _, l := range []words{hobbies, schooling, politeWords} {
		for _, sentence := range l {
			sentence, _, _ = strings.Cut(sentence, ",") // a phrase never crosses a comma, nor a number
			all(kindSelf, 1, words{strings.TrimRight(sentence, " .0123456789")})
		}
	}
	for _, l := range fillers() {
		for _, sentence := range l {
			for _, t := range tokens(nil, sentence) {
				p.number(t.text)
			}
		}
	}
	p.root = make([]int32, len(p.words))
	for w := range p.root {
		p.root[w] = p.next[uint64(w)]
	}
	return p
}

// number returns the number of a word, a new one if needed.
func (p *phrases) number(word string) int32 {
	n, ok := p.words[word]
	if !ok {
		n = int32(len(p.words))
		p.words[word] = n
		p.spell = append(p.spell, word)
	}
	return n
}

func (p *phrases) add(phrase string, t term) {
	node := int32(0)
	for _, tok := range tokens(nil, phrase) {
		key := uint64(node)<<32 | uint64(p.number(tok.text))
		child, ok := p.next[key]
		if !ok {
			child = int32(len(p.terms))
			p.terms = append(p.terms, term{})
			p.next[key] = child
		}
		node = child
	}
	if old := p.terms[node]; old != (term{}) {
		p.clashes = append(p.clashes, fmt.Sprintf("%q means %v and %v", phrase, old, t))
	}
	p.terms[node] = t
}

// buildRepairs files every phrase word under itself with one letter left out.
func (p *phrases) buildRepairs() {
	for n, w := range p.spell {
		if len(w) < minRepair {
			continue
		}
		for i := range w {
			short := w[:i] + w[i+1:]
			if !slices.Contains(p.repairs[short], int32(n)) { // a double letter may lose either
				p.repairs[short] = append(p.repairs[short], int32(n))
			}
		}
	}
}

// lookup returns the number of a word, with one letter dropped, added, changed or swapped if it is long enough and
// only one phrase word fits; −1 for a word outside the language.
func (p *phrases) lookup(word []byte) int32 {
	if n, ok := p.words[string(word)]; ok {
		return n
	}
	if len(word) < minRepair-1 || len(word) > maxWord {
		return -1
	}
	found := int32(-1)
	ok := true
	note := func(n int32) {
		ok = ok && (found < 0 || found == n)
		found = n
	}
	for _, n := range p.repairs[string(word)] { // a letter was dropped
		note(n)
	}
	var buf [maxWord]byte
	for i := range word {
		short := append(append(buf[:0], word[:i]...), word[i+1:]...)
		if n, is := p.words[string(short)]; is && len(short) >= minRepair { // a letter was added
			note(n)
		}
		for _, n := range p.repairs[string(short)] { // changed or swapped
			if oneApart(p.spell[n], word) {
				note(n)
			}
		}
	}
	if !ok {
		return -1
	}
	return found
}

// oneApart says whether two words of equal length differ by one changed letter or one swap of neighbours.
func oneApart(a string, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	i, j := 0, len(a)
	for i < j && a[i] == b[i] {
		i++
	}
	for j > i && a[j-1] == b[j-1] {
		j--
	}
	return j-i <= 1 || j-i == 2 && a[i] == b[i+1] && a[i+1] == b[i]
}

// fillers are all sentences that carry no field: their words belong to the language too.
func fillers() []words {
	var all []words
	for _, l := range boilerplate {
		all = append(all, l)
	}
	strip := strings.NewReplacer("{", " ", "}", " ")
	for _, l := range []words{openEC, openE, openC, openT, adEC, adE, adC, adT, taskSentences, skillSentences, adSkills, paySentences,
		modeSentences, yearSentences, asideJD, cvOpen, cvYears, cvDid, cvSkills, cvBefore, cvPlace, cvPay, cvLearn, cvElsewhere} {
		for _, s := range l {
			all = append(all, words{strip.Replace(s)})
		}
	}
	return append(all, boilerplateAny, schooling, hobbies, politeWords, words{
		"role job title firm employer where place city mode work practice experience skills we ask for profile task aim pay salary",
		"now home lives in address strengths can do last post done wish asks asked hopes help us with you love to a an and it is",
		"offer year years thousand",
	})
}
