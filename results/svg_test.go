package results

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// box is where a text stands, in points from the bottom left corner.
type box struct {
	x0, y0, x1, y1 float64
	text           string
}

// textBoxes finds the texts of an SVG of gonum's, following its nested transforms.
func textBoxes(t *testing.T, svg []byte) []box {
	t.Helper()
	var boxes []box
	stack := []matrix{{1, 0, 0, 1, 0, 0}}
	var inText bool
	var at [2]float64
	var size float64
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return boxes
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			m := stack[len(stack)-1]
			for _, attr := range e.Attr {
				switch attr.Name.Local {
				case "transform":
					m = multiply(m, parseTransform(t, attr.Value))
				case "x":
					at[0] = parseFloat(t, attr.Value)
				case "y":
					at[1] = parseFloat(t, attr.Value)
				case "style":
					if _, rest, ok := strings.Cut(attr.Value, "font-size:"); ok {
						size = parseFloat(t, rest[:strings.Index(rest, "px")])
					} else if e.Name.Local == "text" {
						size = 12 // the format's "medium", which gonum leaves out
					}
				}
			}
			stack = append(stack, m)
			inText = e.Name.Local == "text"
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			inText = false
		case xml.CharData:
			if text := string(e); inText && strings.TrimSpace(text) != "" {
				m := stack[len(stack)-1]
				width := float64(textStyle(size).Width(text).Points())
				b := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1), text}
				// Capitals rise about 0.72 of the size above the baseline, descenders 0.2 below.
				for _, corner := range [][2]float64{{0, 0.2 * size}, {width, 0.2 * size}, {0, -0.72 * size}, {width, -0.72 * size}} {
					x, y := at[0]+corner[0], at[1]+corner[1]
					px, py := m[0]*x+m[2]*y+m[4], m[1]*x+m[3]*y+m[5]
					b.x0, b.x1 = min(b.x0, px), max(b.x1, px)
					b.y0, b.y1 = min(b.y0, py), max(b.y1, py)
				}
				boxes = append(boxes, b)
			}
		}
	}
}

// textsApart checks that all texts of a figure stand inside the page and none overlaps another, and counts them.
func textsApart(t *testing.T, f *Figure) int {
	t.Helper()
	var b bytes.Buffer
	if err := f.Render(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	boxes := textBoxes(t, b.Bytes())
	page := box{x1: float64(f.width.Points()), y1: float64(f.height.Points())}
	for i, a := range boxes {
		if a.x0 < page.x0 || a.y0 < page.y0 || a.x1 > page.x1 || a.y1 > page.y1 {
			t.Errorf("%s: %q leaves the page", f.Name, a.text)
		}
		for _, c := range boxes[:i] {
			if a.x0 < c.x1 && c.x0 < a.x1 && a.y0 < c.y1 && c.y0 < a.y1 {
				t.Errorf("%s: %q and %q overlap", f.Name, a.text, c.text)
			}
		}
	}
	return len(boxes)
}

// matrix is an affine map: (x, y) → (m0·x + m2·y + m4, m1·x + m3·y + m5), as SVG writes it.
type matrix [6]float64

// multiply applies b first, then a.
func multiply(a, b matrix) matrix {
	return matrix{
		a[0]*b[0] + a[2]*b[1], a[1]*b[0] + a[3]*b[1],
		a[0]*b[2] + a[2]*b[3], a[1]*b[2] + a[3]*b[3],
		a[0]*b[4] + a[2]*b[5] + a[4], a[1]*b[4] + a[3]*b[5] + a[5],
	}
}

// parseTransform reads a list of scale, translate and rotate.
func parseTransform(t *testing.T, s string) matrix {
	t.Helper()
	m := matrix{1, 0, 0, 1, 0, 0}
	for _, part := range strings.SplitAfter(s, ")") {
		name, rest, ok := strings.Cut(strings.TrimSpace(part), "(")
		if !ok {
			continue
		}
		var v []float64
		for _, f := range strings.Split(strings.TrimSuffix(rest, ")"), ",") {
			v = append(v, parseFloat(t, f))
		}
		switch name {
		case "scale":
			m = multiply(m, matrix{v[0], 0, 0, v[1], 0, 0})
		case "translate":
			m = multiply(m, matrix{1, 0, 0, 1, v[0], v[1]})
		case "rotate":
			sin, cos := math.Sincos(v[0] * math.Pi / 180)
			m = multiply(m, matrix{cos, sin, -sin, cos, 0, 0})
		default:
			t.Fatalf("unknown transform %q", part)
		}
	}
	return m
}

func parseFloat(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
