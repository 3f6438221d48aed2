package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// parseAnswer reads the verdict of an LLM's answer, from the side of the text that was shown first. It must be one JSON
// object with the five keys reason, detail, relevance, conciseness and overall, each exactly once, the last four "first",
// "second" or "tie". Everything else is an error: other letter case, a key twice, further keys, prose around it. A model
// that cannot keep to that has not been understood, and a guess at what it meant would be a coin flip.
func parseAnswer(text string) (Verdict, error) {
	if !utf8.ValidString(text) {
		return Verdict{}, errors.New("the answer is not UTF-8")
	}
	if !json.Valid([]byte(text)) {
		return Verdict{}, errors.New("the answer is not one JSON value")
	}
	d := json.NewDecoder(strings.NewReader(text)) // token by token: Unmarshal would pass over case and repeated keys
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Verdict{}, errors.New("the answer is not a JSON object")
	}
	seen := map[string]bool{}
	var v Verdict
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Verdict{}, errors.New("the answer is not JSON")
		}
		name, _ := key.(string) // keys of an object are strings
		value, err := d.Token()
		if err != nil {
			return Verdict{}, errors.New("the answer is not JSON")
		}
		s, ok := value.(string)
		if !ok {
			return Verdict{}, fmt.Errorf("key %q holds no string", clip(name, 40))
		}
		if seen[name] {
			return Verdict{}, fmt.Errorf("key %q stands twice", clip(name, 40))
		}
		seen[name] = true
		if name == "reason" {
			continue
		}
		c, ok := criterionOf(name)
		if !ok {
			return Verdict{}, fmt.Errorf("unknown key %q", clip(name, 40))
		}
		switch s {
		case "first":
			v[c] = Win
		case "second":
			v[c] = Lose
		case "tie":
			v[c] = Tie
		default:
			return Verdict{}, fmt.Errorf("%s is %q, want first, second or tie", name, clip(s, 40))
		}
	}
	for _, name := range append([]string{"reason"}, criterionNames[:]...) {
		if !seen[name] {
			return Verdict{}, fmt.Errorf("key %q is missing", name)
		}
	}
	return v, nil
}

func criterionOf(name string) (Criterion, bool) {
	for i, n := range criterionNames {
		if n == name {
			return Criterion(i), true
		}
	}
	return 0, false
}

// answerSchema is the JSON schema of the answer, for endpoints that enforce one.
func answerSchema() map[string]any {
	properties := map[string]any{"reason": map[string]any{"type": "string"}}
	required := []string{"reason"}
	for _, name := range criterionNames {
		properties[name] = map[string]any{"type": "string", "enum": []string{"first", "second", "tie"}}
		required = append(required, name)
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}
