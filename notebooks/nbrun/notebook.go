package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// notebook is a document of the Jupyter notebook format 4, https://nbformat.readthedocs.io. What it says beyond the fields
// used here is kept as it is.
type notebook struct {
	fields object
	cells  []*cell
}

type cell struct {
	fields object
	kind   string // code, markdown, raw
	source string
}

// readNotebook reads a file. Documents older than 4.5 get what 4.5 asks for: an id for each cell.
func readNotebook(path string) (*notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	nb, err := parseNotebook(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return nb, nil
}

func parseNotebook(data []byte) (*notebook, error) {
	nb := &notebook{}
	if err := json.Unmarshal(data, &nb.fields); err != nil {
		return nil, fmt.Errorf("not a notebook: %w", err)
	}
	var major, minor int
	if err := nb.fields.get("nbformat", &major); err != nil {
		return nil, err
	}
	if err := nb.fields.get("nbformat_minor", &minor); err != nil {
		return nil, err
	}
	if major != 4 {
		return nil, fmt.Errorf("notebook format %d.%d, want 4", major, minor)
	}
	var cells []object
	if err := nb.fields.get("cells", &cells); err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for i, fields := range cells {
		c, err := newCell(fields)
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		var id string
		if _, ok := fields["id"]; ok {
			if err := fields.get("id", &id); err != nil {
				return nil, fmt.Errorf("cell %d: %w", i+1, err)
			}
		}
		if id == "" || ids[id] {
			id = fmt.Sprintf("cell-%d-%s", i+1, newID()[:8])
			if err := fields.set("id", id); err != nil {
				return nil, err
			}
		}
		ids[id] = true
		nb.cells = append(nb.cells, c)
	}
	if minor < 5 {
		nb.fields["nbformat_minor"] = json.RawMessage("5")
	}
	return nb, nil
}

func newCell(fields object) (*cell, error) {
	c := &cell{fields: fields}
	if err := fields.get("cell_type", &c.kind); err != nil {
		return nil, err
	}
	var source lines
	err := fields.get("source", &source)
	c.source = string(source)
	return c, err
}

// clear removes the outputs of all code cells.
func (nb *notebook) clear() error {
	for _, c := range nb.cells {
		if c.kind == "code" {
			if err := c.setOutputs(nil, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// setOutputs records a run of a code cell; count is nil for a cell that was not run.
func (c *cell) setOutputs(outputs []*output, count *int) error {
	if outputs == nil {
		outputs = []*output{}
	}
	if err := c.fields.set("outputs", outputs); err != nil {
		return err
	}
	return c.fields.set("execution_count", count)
}

// encode gives the document in Jupyter's own layout: sorted keys, indented by one space.
func (nb *notebook) encode() ([]byte, error) {
	cells := make([]object, len(nb.cells))
	for i, c := range nb.cells {
		cells[i] = c.fields
	}
	if err := nb.fields.set("cells", cells); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(nb.fields)
	return b.Bytes(), err
}

// object is a JSON object whose values are read only where needed.
type object map[string]json.RawMessage

// get reads a field that must be there.
func (o object) get(name string, v any) error {
	raw, ok := o[name]
	if !ok {
		return fmt.Errorf("not a notebook: the field %q is missing", name)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("not a notebook: field %q: %w", name, err)
	}
	return nil
}

// set writes a field.
func (o object) set(name string, v any) error {
	raw, err := marshal(v)
	if err != nil {
		return fmt.Errorf("field %q: %w", name, err)
	}
	o[name] = raw
	return nil
}

// marshal is json.Marshal without escaping HTML, which notebooks are full of.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
