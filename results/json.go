package results

import (
	"encoding/json"
	"math"
)

// cellJSON is a cell in JSON, which has no NaN: what is missing is left out.
type cellJSON struct {
	Text  string   `json:"text,omitempty"`
	Value *float64 `json:"value,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

// MarshalJSON implements [json.Marshaler]; numbers keep full precision.
func (c Cell) MarshalJSON() ([]byte, error) {
	number := func(v float64) *float64 {
		if math.IsNaN(v) {
			return nil
		}
		return &v
	}
	return json.Marshal(cellJSON{c.Text, number(c.Value), number(c.Low), number(c.High)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Cell) UnmarshalJSON(data []byte) error {
	var j cellJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	number := func(p *float64) float64 {
		if p == nil {
			return math.NaN()
		}
		return *p
	}
	*c = Cell{j.Text, number(j.Value), number(j.Low), number(j.High)}
	return nil
}
