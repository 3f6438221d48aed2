package judge

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"unicode/utf8"
)

// Criterion is what two JDs are compared on.
type Criterion int

// The criteria of RQ1, in the order of tables.
const (
	Detail      Criterion = iota // how specifically the JD describes the job
	Relevance                    // how well the job suits the person of the CV
	Conciseness                  // how little space it takes to say what it says
	Overall                      // which of the two is better on the whole
	numCriteria
)

// Criteria are all criteria in the order of tables.
func Criteria() []Criterion { return []Criterion{Detail, Relevance, Conciseness, Overall} }

var criterionNames = [numCriteria]string{"detail", "relevance", "conciseness", "overall"}

// String is the criterion's lower-case name, as in tables and in a judge's answer.
func (c Criterion) String() string {
	if c < 0 || c >= numCriteria {
		return fmt.Sprintf("criterion %d", int(c))
	}
	return criterionNames[c]
}

// Outcome is how system A fared against system B. The zero value is Invalid, so that what was never judged counts as such.
type Outcome uint8

// The outcomes.
const (
	Invalid Outcome = iota // no judgement: unparsable answer, nothing to compare with
	Lose
	Tie
	Win
)

var outcomeNames = [...]string{"invalid", "lose", "tie", "win"}

// String is the outcome's lower-case name.
func (o Outcome) String() string {
	if int(o) >= len(outcomeNames) {
		return fmt.Sprintf("outcome %d", int(o))
	}
	return outcomeNames[o]
}

// MarshalText writes the outcome's name; an outcome outside the four is an error.
func (o Outcome) MarshalText() ([]byte, error) {
	if int(o) >= len(outcomeNames) {
		return nil, fmt.Errorf("judge: there is no %v", o)
	}
	return []byte(outcomeNames[o]), nil
}

// UnmarshalText reads an outcome's name.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if string(text) == name {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("judge: outcome %q, want win, tie, lose or invalid", text)
}

// Flip is the outcome from system B's side.
func (o Outcome) Flip() Outcome {
	switch o {
	case Win:
		return Lose
	case Lose:
		return Win
	}
	return o
}

// net is +1 for a win, 0 for a tie, −1 for a loss. Not to be asked of Invalid.
func (o Outcome) net() float64 { return float64(o) - float64(Tie) }

// compare is Win where a is above b by more than the margin, Lose where it is as far below, else Tie. NaN on either side
// is Invalid. Floating-point sums such as 0.3 − 0.2 must not turn a difference of just the margin into a win.
func compare(a, b, margin float64) Outcome {
	const rounding = 1e-9
	switch d := a - b; {
	case math.IsNaN(d):
		return Invalid
	case d > margin+rounding:
		return Win
	case d < -margin-rounding:
		return Lose
	}
	return Tie
}

// Verdict is the outcome on each criterion, from system A's side. The zero value is invalid throughout.
type Verdict [numCriteria]Outcome

// Flip is the verdict from system B's side.
func (v Verdict) Flip() Verdict {
	for i, o := range v {
		v[i] = o.Flip()
	}
	return v
}

// Valid says whether any criterion was judged.
func (v Verdict) Valid() bool { return v != Verdict{} }

// Contest is a pair of JDs that two systems wrote for one CV.
type Contest struct {
	CVID  string // id of the CV
	Group string // near-duplicate group of the CV, the unit of resampling; empty: the CV is a group of its own
	Seed  uint64 // of the training runs that wrote the texts, or 0
	CV    string // text of the CV
	NameA string // name of system A
	A     string // JD of system A; a generator may have written nothing
	NameB string
	B     string
}

// group is the contest's unit of resampling.
func (c Contest) group() string { return cmp.Or(c.Group, c.CVID) }

// String names the contest in errors: CV and systems, never the texts.
func (c Contest) String() string {
	return fmt.Sprintf("CV %q, %q against %q", clip(c.CVID, 80), clip(c.NameA, 80), clip(c.NameB, 80))
}

// check reports the first fault of a contest that no judge could do anything with.
func (c Contest) check() error {
	fault := func(what string) error { return fmt.Errorf("judge: %v: %s", c, what) }
	switch {
	case c.CVID == "":
		return fault("the CV has no id")
	case c.CV == "":
		return fault("the CV has no text")
	case c.NameA == "" || c.NameB == "":
		return fault("a system has no name")
	case c.NameA == c.NameB:
		return fault("a system cannot compete with itself")
	}
	for _, t := range []struct{ name, text string }{{"CV", c.CV}, {"JD of A", c.A}, {"JD of B", c.B}} {
		if !utf8.ValidString(t.text) {
			return fault("the text of the " + t.name + " is not UTF-8")
		}
	}
	return nil
}

// Judgement is a contest with its verdict.
type Judgement struct {
	Contest Contest
	Verdict Verdict
	// Shown has the verdicts of the two orders in which an LLM saw the texts (A first, B first), both from A's side. It
	// is nil for judges that know no order.
	Shown *[2]Verdict
}

// Judge decides a contest. An error means that the judge could not work (no network, no such CV); a contest that it
// could look at but not decide is Invalid instead.
type Judge interface {
	Judge(ctx context.Context, c Contest) (Judgement, error)
}

// clip cuts a text to at most n bytes, at a rune's edge, for errors and logs.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
