package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// said is an invented published message of the request parent.
func said(parent, msgType, content string) message {
	return message{Header: header{Type: msgType}, Parent: header{ID: parent}, Content: json.RawMessage(content)}
}

// collect plays messages for the requests "1" and "2" and gives what a notebook would show below both cells.
func collect(t *testing.T, messages ...message) (one, two *cellOutputs) {
	t.Helper()
	c := newCollector()
	one, two = c.expect("1"), c.expect("2")
	for _, m := range messages {
		if err := c.add(m); err != nil {
			t.Fatal(err)
		}
	}
	return one, two
}

func wantOutputs(t *testing.T, c *cellOutputs, want string) {
	t.Helper()
	list := c.list
	if list == nil {
		list = []*output{}
	}
	blob, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var got, wanted any
	if err := json.Unmarshal(blob, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func TestStreamsMerge(t *testing.T) {
	one, two := collect(t,
		said("1", "status", `{"execution_state":"busy"}`),
		said("1", "execute_input", `{"execution_count":7,"code":"x"}`),
		said("1", "stream", `{"name":"stdout","text":"a\nb"}`),
		said("2", "stream", `{"name":"stdout","text":"other cell"}`),
		said("stranger", "stream", `{"name":"stdout","text":"lost"}`),
		said("1", "stream", `{"name":"stdout","text":"c\n"}`),
		said("1", "stream", `{"name":"stdout","text":""}`),
		said("1", "stream", `{"name":"stderr","text":"oh"}`),
		said("1", "stream", `{"name":"stdout","text":"d"}`))
	if one.idle || one.count != 7 {
		t.Errorf("idle %t, count %d; want false, 7", one.idle, one.count)
	}
	wantOutputs(t, one, `[
		{"output_type":"stream","name":"stdout","text":["a\n","bc\n"]},
		{"output_type":"stream","name":"stderr","text":["oh"]},
		{"output_type":"stream","name":"stdout","text":["d"]}]`)
	wantOutputs(t, two, `[{"output_type":"stream","name":"stdout","text":["other cell"]}]`)
}

func TestDisplaysAndUpdates(t *testing.T) {
	one, two := collect(t,
		said("1", "display_data", `{"data":{"text/html":"<b>0</b>"},"metadata":{},"transient":{"display_id":"bar"}}`),
		said("1", "display_data", `{"data":{"image/png":"AAAA"},"metadata":{"width":3},"transient":{}}`),
		said("1", "execute_result", `{"execution_count":4,"data":{"text/plain":"4"},"metadata":null}`),
		said("2", "update_display_data", `{"data":{"text/html":"<b>1</b>"},"metadata":{"x":1},"transient":{"display_id":"bar"}}`),
		said("2", "update_display_data", `{"data":{"text/html":"nowhere"},"metadata":{},"transient":{"display_id":"unknown"}}`),
		said("1", "status", `{"execution_state":"idle"}`))
	wantOutputs(t, one, `[
		{"output_type":"display_data","data":{"text/html":"<b>1</b>"},"metadata":{"x":1}},
		{"output_type":"display_data","data":{"image/png":"AAAA"},"metadata":{"width":3}},
		{"output_type":"execute_result","execution_count":4,"data":{"text/plain":"4"},"metadata":{}}]`)
	wantOutputs(t, two, `[]`)
	if !one.idle || two.idle {
		t.Errorf("idle %t and %t, want true and false", one.idle, two.idle)
	}
}

func TestClearOutput(t *testing.T) {
	now, later := collect(t,
		said("1", "stream", `{"name":"stdout","text":"old"}`),
		said("1", "clear_output", `{"wait":false}`),
		said("2", "stream", `{"name":"stdout","text":"old"}`),
		said("2", "clear_output", `{"wait":true}`))
	wantOutputs(t, now, `[]`)
	wantOutputs(t, later, `[{"output_type":"stream","name":"stdout","text":["old"]}]`)

	_, later = collect(t,
		said("2", "stream", `{"name":"stdout","text":"old"}`),
		said("2", "clear_output", `{"wait":true}`),
		said("2", "stream", `{"name":"stdout","text":"new"}`),
		said("2", "stream", `{"name":"stdout","text":"er"}`))
	wantOutputs(t, later, `[{"output_type":"stream","name":"stdout","text":["newer"]}]`)
}

func TestErrorOutput(t *testing.T) {
	one, two := collect(t, said("1", "error", `{"ename":"ERROR","evalue":"undefined: x","traceback":["line 1"]}`),
		said("2", "error", `{"ename":"","evalue":"","traceback":null}`))
	wantOutputs(t, one, `[{"output_type":"error","ename":"ERROR","evalue":"undefined: x","traceback":["line 1"]}]`)
	wantOutputs(t, two, `[{"output_type":"error","ename":"","evalue":"","traceback":[]}]`)
}

func TestFailure(t *testing.T) {
	text := func(s string) *string { return &s }
	bad := func(value string) *output { return &output{Type: "error", EValue: text(value)} }
	stderr := func(s string) *output { return &output{Type: "stream", Name: "stderr", Text: lines(s)} }
	for _, c := range []struct {
		source  string
		outputs []*output
		want    string
	}{
		{"x", []*output{bad("undefined: x\n")}, "undefined: x"},
		{"x", []*output{bad("")}, "failed without saying why"},
		{"x", []*output{stderr("no such run\nexit status 1\n"), bad("exit status 1")}, "exit status 1\nno such run"},
		{"x", []*output{stderr("exit status 2\n"), bad("exit status 2")}, "exit status 2"},
		{"!x", []*output{stderr("x: not found\nexit status 127\n")}, "a shell command failed: exit status 127\nx: not found"},
		{"x", []*output{stderr("only a warning")}, ""},
		{"x", nil, ""},
	} {
		if got := failure(c.source, c.outputs); got != c.want {
			t.Errorf("%q: %q, want %q", c.source, got, c.want)
		}
	}
}

func TestFailedShell(t *testing.T) {
	stream := func(name, text string) []*output { return []*output{{Type: "stream", Name: name, Text: lines(text)}} }
	for _, c := range []struct {
		source  string
		outputs []*output
		want    string
	}{
		{"!false", stream("stderr", "exit status 1\n"), "exit status 1"},
		{"!*go build", stream("stderr", "main.go:1: wrong\nexit status 12\n"), "exit status 12"},
		{"import \"fmt\"\n!ls /none\n", stream("stderr", "no such fileexit status 2\n"), "exit status 2"},
		{"%%bash\nexit 3", stream("stderr", "exit status 3\n"), "exit status 3"},
		{"//gonb:!false", stream("stderr", "exit status 1\n"), "exit status 1"},
		{"!sleep 9", stream("stderr", "signal: killed\n"), "signal: killed"},
		{"!true", nil, ""},
		{"!echo", stream("stdout", "exit status 1\n"), ""},              // printed, not failed
		{"!true", stream("stderr", "exit status 0\n"), ""},              // no failure
		{"!true", stream("stderr", "exit status 1 is bad\n"), ""},       // in a sentence
		{"%%\nfmt.Println(1)", stream("stderr", "exit status 1\n"), ""}, // the kernel itself reports programs
		{"x := !ok\n_ = x", stream("stderr", "exit status 1\n"), ""},    // Go's own negation
		{"%%bashful\nexit 3", stream("stderr", "exit status 3\n"), ""},  // no such command
		{"var s = `%%bash`", stream("stderr", "exit status 3\n"), ""},   // not at the start
		{"%%script sh\nfalse", stream("stderr", "exit status 1\n"), "exit status 1"},
	} {
		if got := failedShell(c.source, c.outputs); got != c.want {
			t.Errorf("%q: %q, want %q", c.source, got, c.want)
		}
	}
}
