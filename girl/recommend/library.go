package recommend

import (
	"encoding/binary"
	"slices"
	"strings"
)

// library numbers distinct texts, and lists of generated JDs. Hashing whole texts for every pair, encoder and baseline costs more than
// most of what is looked up by them. A text is hashed only where its id did not come with it the last time; comparing a string with
// itself costs nothing.
type library struct {
	cvs, jds map[string]int32 // by id, the text that came with it last
	byText   map[string]int32
	texts    []string

	lastList map[string]map[string]int32 // by model and cv_id, the list that came with them last
	byTexts  map[string]int32            // lists by the numbers of their texts, four bytes each
	lists    []jdList
}

// jdList are generated JDs.
type jdList struct {
	given []string
	texts []int32 // in byte order, so that not even rounding depends on the order they came in; blank ones are left out
}

func newLibrary() library {
	return library{cvs: make(map[string]int32), jds: make(map[string]int32), byText: make(map[string]int32),
		lastList: make(map[string]map[string]int32), byTexts: make(map[string]int32)}
}

func (l *library) cv(q Query) int32 { return l.number(l.cvs, q.CVID, q.CV) }
func (l *library) jd(q Query) int32 { return l.number(l.jds, q.JDID, q.JD) }

// number is the number of a text; last are the texts that came with the ids.
func (l *library) number(last map[string]int32, id, text string) int32 {
	n, ok := last[id]
	if !ok || l.texts[n] != text {
		n = l.text(text)
		last[id] = n
	}
	return n
}

func (l *library) text(text string) int32 {
	n, ok := l.byText[text]
	if !ok {
		n = int32(len(l.texts))
		l.byText[text], l.texts = n, append(l.texts, text)
	}
	return n
}

// list is the number of the list of a query's JDs by a model.
func (l *library) list(q Query, model string) int32 {
	last := l.lastList[model]
	if last == nil {
		last = make(map[string]int32)
		l.lastList[model] = last
	}
	given := q.Generated[model]
	n, ok := last[q.CVID]
	if !ok || !slices.Equal(l.lists[n].given, given) {
		n = l.newList(given)
		last[q.CVID] = n
	}
	return n
}

func (l *library) newList(given []string) int32 {
	sorted := slices.DeleteFunc(slices.Sorted(slices.Values(given)), func(t string) bool { return strings.TrimSpace(t) == "" })
	list := jdList{given: slices.Clone(given)}
	var key []byte
	for _, t := range sorted {
		n := l.text(t)
		list.texts, key = append(list.texts, n), binary.LittleEndian.AppendUint32(key, uint32(n))
	}
	n, ok := l.byTexts[string(key)]
	if !ok {
		n = int32(len(l.lists))
		l.byTexts[string(key)], l.lists = n, append(l.lists, list)
	}
	return n
}

// once keeps what f returned for each text, by number.
func once[T any](l *library, f func(text string) T) func(number int32) T {
	var kept []*T // nil where f has not been asked
	return func(n int32) T {
		for int(n) >= len(kept) {
			kept = append(kept, nil)
		}
		if kept[n] == nil {
			x := f(l.texts[n])
			kept[n] = &x
		}
		return *kept[n]
	}
}
