package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// output is one output of a cell, in the form of the notebook format.
type output struct {
	Type     string                     `json:"output_type"`
	Name     string                     `json:"name,omitempty"` // stream: stdout or stderr
	Text     lines                      `json:"text,omitempty"` // stream
	Data     map[string]json.RawMessage `json:"data,omitempty"` // display_data, execute_result: by MIME type
	Metadata json.RawMessage            `json:"metadata,omitempty"`
	Count    *int                       `json:"execution_count,omitempty"` // execute_result
	EName    *string                    `json:"ename,omitempty"`           // error
	EValue   *string                    `json:"evalue,omitempty"`
	Trace    []string                   `json:"traceback,omitzero"`

	displayID string
}

// lines is a text, written as the notebook format likes it: a list of lines with their ends.
type lines string

// MarshalJSON writes the list.
func (l lines) MarshalJSON() ([]byte, error) {
	return marshal(slices.AppendSeq([]string{}, strings.Lines(string(l))))
}

// UnmarshalJSON reads a list of lines or one text.
func (l *lines) UnmarshalJSON(data []byte) error {
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		var text string
		if json.Unmarshal(data, &text) != nil {
			return err
		}
		list = []string{text}
	}
	*l = lines(strings.Join(list, ""))
	return nil
}

// collector gathers the outputs of the cells of one notebook from the kernel's published messages.
type collector struct {
	cells map[string]*cellOutputs // by the id of the request that runs the cell
}

// cellOutputs is what one run of a cell has put out.
type cellOutputs struct {
	list  []*output
	clear bool // the next output replaces the list
	idle  bool // the kernel has finished the cell
	count int  // execution_count
}

func newCollector() *collector { return &collector{cells: map[string]*cellOutputs{}} }

// expect opens the collection for a request.
func (c *collector) expect(request string) *cellOutputs {
	cell := &cellOutputs{}
	c.cells[request] = cell
	return cell
}

// content covers the published messages that a notebook shows.
type content struct {
	State     string                     `json:"execution_state"` // status
	Count     int                        `json:"execution_count"` // execute_input, execute_result
	Name      string                     `json:"name"`            // stream
	Text      string                     `json:"text"`
	Data      map[string]json.RawMessage `json:"data"` // display_data, update_display_data, execute_result
	Metadata  json.RawMessage            `json:"metadata"`
	Transient struct {
		DisplayID string `json:"display_id"`
	} `json:"transient"`
	Wait   bool     `json:"wait"`  // clear_output
	EName  string   `json:"ename"` // error
	EValue string   `json:"evalue"`
	Trace  []string `json:"traceback"`
}

// add takes one published message. Messages that belong to no cell are ignored; those that come late go to their own cell.
func (c *collector) add(m message) error {
	cell, ok := c.cells[m.Parent.ID]
	if !ok {
		return nil
	}
	var in content
	if err := json.Unmarshal(m.Content, &in); err != nil {
		return fmt.Errorf("%s from the kernel: %w", m.Header.Type, err)
	}
	switch m.Header.Type {
	case "status":
		cell.idle = cell.idle || in.State == "idle"
	case "execute_input":
		cell.count = in.Count
	case "stream":
		if in.Text == "" {
			return nil
		}
		cell.flush()
		if n := len(cell.list); n > 0 && cell.list[n-1].Type == "stream" && cell.list[n-1].Name == in.Name {
			cell.list[n-1].Text += lines(in.Text)
			return nil
		}
		cell.put(&output{Type: "stream", Name: in.Name, Text: lines(in.Text)})
	case "display_data":
		cell.put(&output{Type: "display_data", Data: in.data(), Metadata: in.metadata(), displayID: in.Transient.DisplayID})
	case "execute_result":
		cell.put(&output{Type: "execute_result", Data: in.data(), Metadata: in.metadata(), Count: &in.Count, displayID: in.Transient.DisplayID})
	case "update_display_data":
		c.update(in)
	case "clear_output":
		cell.clear = true
		if !in.Wait {
			cell.flush()
		}
	case "error":
		if in.Trace == nil {
			in.Trace = []string{} // the notebook format wants the field
		}
		cell.put(&output{Type: "error", EName: &in.EName, EValue: &in.EValue, Trace: in.Trace})
	}
	return nil
}

// update replaces what was shown under a display_id, in whichever cell that was.
func (c *collector) update(in content) {
	for _, cell := range c.cells {
		for _, o := range cell.list {
			if in.Transient.DisplayID != "" && o.displayID == in.Transient.DisplayID {
				o.Data, o.Metadata = in.data(), in.metadata()
			}
		}
	}
}

func (c *cellOutputs) put(o *output) {
	c.flush()
	c.list = append(c.list, o)
}

// flush carries out a clear_output.
func (c *cellOutputs) flush() {
	if c.clear {
		c.list, c.clear = nil, false
	}
}

// data and metadata are never absent: the notebook format wants an object.
func (in content) data() map[string]json.RawMessage {
	if in.Data == nil {
		return map[string]json.RawMessage{}
	}
	return in.Data
}

func (in content) metadata() json.RawMessage {
	if len(in.Metadata) == 0 || string(in.Metadata) == "null" {
		return json.RawMessage("{}")
	}
	return in.Metadata
}

var (
	shellLine = regexp.MustCompile(`(?m)^(?://gonb:)?\s*(?:!|%%(?:bash|sh|script)\b)`)
	// badExit is what the kernel writes to stderr when a program has failed.
	badExit = regexp.MustCompile(`(?m)(?:exit status [1-9][0-9]*|signal: [a-z].*)$`)
)

// failedShell finds the failure of a shell command: the kernel reports no error for !command and %%bash. It gives "" for
// success and for cells without shell commands.
func failedShell(source string, outputs []*output) string {
	if !shellLine.MatchString(source) {
		return ""
	}
	for _, o := range outputs {
		if o.Type == "stream" && o.Name == "stderr" {
			if m := badExit.FindString(string(o.Text)); m != "" {
				return m
			}
		}
	}
	return ""
}
