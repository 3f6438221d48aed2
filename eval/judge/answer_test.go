package judge

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParseAnswer(t *testing.T) {
	v, err := parseAnswer("\n" + answer("first", "second", "tie", "first") + " ")
	if want := (Verdict{Win, Lose, Tie, Win}); err != nil || v != want {
		t.Errorf("%v, %v, want %v", v, err, want)
	}
	good := answer("first", "second", "tie", "first")
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "not one JSON value"},
		"prose":        {"The first is better.", "not one JSON value"},
		"code block":   {"```json\n" + good + "\n```", "not one JSON value"},
		"cut off":      {good[:len(good)-3], "not one JSON value"},
		"two objects":  {good + good, "not one JSON value"},
		"array":        {"[" + good + "]", "not a JSON object"},
		"other word":   {answer("first", "A", "tie", "first"), `relevance is "A"`},
		"letter case":  {strings.Replace(good, `"overall"`, `"Overall"`, 1), `unknown key "Overall"`},
		"twice":        {strings.Replace(good, "{", `{"overall":"second",`, 1), `"overall" stands twice`},
		"missing":      {`{"reason":"","detail":"tie","relevance":"tie","conciseness":"tie"}`, `"overall" is missing`},
		"no reason":    {strings.Replace(good, `"reason":"because",`, "", 1), `"reason" is missing`},
		"further key":  {strings.Replace(good, "{", `{"winner":"first",`, 1), `unknown key "winner"`},
		"number":       {strings.Replace(good, `"tie"`, "0", 1), `"conciseness" holds no string`},
		"nested":       {strings.Replace(good, `"because"`, `{"detail":"tie"}`, 1), `"reason" holds no string`},
		"not UTF-8":    {strings.Replace(good, "because", "\xff", 1), "not UTF-8"},
		"trailing":     {strings.Replace(good, "}", ",}", 1), "not one JSON value"},
		"capital word": {answer("First", "tie", "tie", "tie"), `detail is "First"`},
	} {
		v, err := parseAnswer(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		if v != (Verdict{}) {
			t.Errorf("%s: an invalid answer has the verdict %v", name, v)
		}
	}
}

// Whatever a model writes, parsing does not panic; what it accepts is JSON with just the five keys, and says what the
// verdict says.
func FuzzParseAnswer(f *testing.F) {
	f.Add(answer("first", "second", "tie", "first"))
	f.Add(`{"reason":"","detail":"tie","relevance":"tie","conciseness":"tie","overall":"tie",}`)
	f.Add(`{"detail":"tie","detail":"first"}`)
	f.Add("{")
	f.Add(`{"":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseAnswer(text)
		if err != nil {
			if v != (Verdict{}) {
				t.Fatalf("%q: %v with the verdict %v", text, err, v)
			}
			return
		}
		var m map[string]string
		if err := json.Unmarshal([]byte(text), &m); err != nil || len(m) != 5 {
			t.Fatalf("%q was accepted, but is %v, %v", text, m, err)
		}
		for _, c := range Criteria() {
			if want := map[string]Outcome{"first": Win, "second": Lose, "tie": Tie}[m[c.String()]]; v[c] != want || want == Invalid {
				t.Fatalf("%q: %v is %v, want %v", text, c, v[c], want)
			}
		}
	})
}
