package girl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"genjobrec/eval/judge"
	"genjobrec/results/wholefile"
)

// judgementLine is a judgement in a file of JSON lines; the texts are found again by CV, seed and systems.
type judgementLine struct {
	CVID        string            `json:"cv_id"`
	Seed        uint64            `json:"seed"` // of the writers; 0 where neither system was trained
	A           string            `json:"a"`
	B           string            `json:"b"`
	Detail      judge.Outcome     `json:"detail"` // win, tie, lose or invalid, from the side of A
	Relevance   judge.Outcome     `json:"relevance"`
	Conciseness judge.Outcome     `json:"conciseness"`
	Overall     judge.Outcome     `json:"overall"`
	Shown       *[2]judge.Verdict `json:"shown,omitempty"` // of a language model: A shown first, B shown first; in the order of the criteria above
}

func writeJudgements(path string, js []judge.Judgement) error {
	var data []byte
	for _, j := range js {
		v := j.Verdict
		line, err := json.Marshal(judgementLine{j.Contest.CVID, j.Contest.Seed, j.Contest.NameA, j.Contest.NameB,
			v[judge.Detail], v[judge.Relevance], v[judge.Conciseness], v[judge.Overall], j.Shown})
		if err != nil {
			return err
		}
		data = append(append(data, line...), '\n')
	}
	return wholefile.WriteBytes(path, data)
}

// readJudgements joins the verdicts of a file to their contests.
func readJudgements(path string, contests []judge.Contest) ([]judge.Judgement, error) {
	type key struct {
		cv, a, b string
		seed     uint64
	}
	at := map[key]judge.Contest{}
	for _, c := range contests {
		at[key{c.CVID, c.NameA, c.NameB, c.Seed}] = c
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []judge.Judgement
	for d := json.NewDecoder(f); ; {
		var l judgementLine
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s, judgement %d: %w", path, len(out)+1, err)
		}
		c, ok := at[key{l.CVID, l.A, l.B, l.Seed}]
		if !ok {
			return nil, fmt.Errorf("%s, judgement %d: there is no such contest of CV %q", path, len(out)+1, l.CVID)
		}
		out = append(out, judge.Judgement{Contest: c, Verdict: judge.Verdict{l.Detail, l.Relevance, l.Conciseness, l.Overall}, Shown: l.Shown})
	}
}
