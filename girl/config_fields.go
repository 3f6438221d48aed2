package girl

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// field is one setting: its key, its tags and where its value lies.
type field struct {
	key   string
	tag   reflect.StructTag
	value reflect.Value
}

func (c *Config) fields() []field {
	var out []field
	root := reflect.ValueOf(c).Elem()
	for i := range root.NumField() {
		section := root.Field(i)
		for j := range section.NumField() {
			f := section.Type().Field(j)
			if _, ok := f.Tag.Lookup("default"); ok {
				out = append(out, field{snake(root.Type().Field(i).Name) + "." + snake(f.Name), f.Tag, section.Field(j)})
			}
		}
	}
	return out
}

// set parses a value into the field and checks its range.
func (f field) set(text string) error {
	number := func(x float64) error {
		for _, bound := range []struct {
			tag   string
			below bool
		}{{"min", true}, {"max", false}} {
			s, ok := f.tag.Lookup(bound.tag)
			if !ok {
				continue
			}
			limit, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return fmt.Errorf("%s: %s of its range: %w", f.key, bound.tag, err)
			}
			if bound.below && x < limit || !bound.below && x > limit || math.IsNaN(x) {
				return fmt.Errorf("%s=%s is out of range: it must lie between %s and %s", f.key, text, f.tag.Get("min"), f.tag.Get("max"))
			}
		}
		return nil
	}
	switch f.value.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%s=%s is not a whole number", f.key, text)
		}
		f.value.SetInt(int64(n))
		return number(float64(n))
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%s=%s is not a number", f.key, text)
		}
		f.value.SetFloat(x)
		return number(x)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%s=%s is not true or false", f.key, text)
		}
		f.value.SetBool(b)
	case reflect.String:
		if options := f.tag.Get("options"); options != "" {
			found := false
			for _, o := range strings.Split(options, "|") {
				found = found || o == text
			}
			if !found {
				return fmt.Errorf("%s=%s is none of %s", f.key, text, strings.ReplaceAll(options, "|", ", "))
			}
		}
		f.value.SetString(text)
	default:
		return fmt.Errorf("%s has a type that cannot be set: %s", f.key, f.value.Type())
	}
	return nil
}

// Help lists every key with its value in c and its meaning, one a line.
func (c *Config) Help() string {
	var b strings.Builder
	for _, f := range c.fields() {
		fmt.Fprintf(&b, "%-28s %-8v %s\n", f.key, f.value.Interface(), f.tag.Get("doc"))
	}
	return b.String()
}

// Resolved is the flat form that manifests record: every setting, also one that no stage's key depends on.
func (c *Config) Resolved() map[string]any {
	m := make(map[string]any)
	for _, f := range c.fields() {
		m[f.key] = f.value.Interface()
	}
	return m
}

func (c *Config) rawResolved() (map[string]json.RawMessage, error) {
	m := make(map[string]json.RawMessage)
	for k, v := range c.Resolved() {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("setting %s: %w", k, err)
		}
		m[k] = raw
	}
	return m, nil
}

// snake turns CamelCase, with runs of capitals as one word, into snake_case: PairsPerCV is pairs_per_cv, CVs is cvs.
func snake(name string) string {
	name = strings.NewReplacer("CVs", "Cvs", "JDs", "Jds").Replace(name)
	var b strings.Builder
	runes := []rune(name)
	upper := func(i int) bool { return i < len(runes) && runes[i] >= 'A' && runes[i] <= 'Z' }
	for i, r := range runes {
		if upper(i) && i > 0 && (!upper(i-1) || i+1 < len(runes) && !upper(i+1)) {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

// suggestion names the keys that end like the unknown one.
func suggestion(key string, fields []field) string {
	last := key[strings.LastIndex(key, ".")+1:]
	var near []string
	for _, f := range fields {
		if last != "" && strings.Contains(f.key, last) {
			near = append(near, f.key)
		}
	}
	if len(near) == 0 {
		return "; `girl run -h` lists all keys"
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}
