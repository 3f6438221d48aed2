package datasets

import "sort"

// place is where a row came from: a file of builder.files and its 1-based row.
type place struct{ file, row int32 }

// places are where pairs came from. Rows follow each other, so that only the first of a run is held.
type places struct{ runs []placeRun }

type placeRun struct {
	from int // index of the run's first pair
	at   place
}

// add appends the place of pair number i.
func (p *places) add(i int, at place) {
	if len(p.runs) == 0 || p.at(i) != at {
		p.runs = append(p.runs, placeRun{i, at})
	}
}

// at is the place of pair number i.
func (p *places) at(i int) place {
	n := sort.Search(len(p.runs), func(n int) bool { return p.runs[n].from > i })
	run := p.runs[n-1]
	return place{run.at.file, run.at.row + int32(i-run.from)}
}
