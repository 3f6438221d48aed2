package results

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// What a figure may consist of: shapes and texts. Nothing here can run, link or load.
var (
	svgElements   = []string{"svg", "g", "path", "text", "tspan", "rect", "line", "circle", "ellipse", "polyline", "polygon"}
	svgAttributes = []string{
		"viewBox", "transform", "d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "style",
		"fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity",
		"font-family", "font-size", "font-weight", "font-style", "text-anchor",
	}
	// svgDropped has no use within an HTML page: names of dialects, and the size, which the page's style gives.
	svgDropped = []string{"xmlns", "xlink", "version"}
)

// inlineSVG turns an SVG file into an <svg> element for an HTML page: without prolog, comments, namespaces and fixed size, as
// an image with a text alternative. It writes the drawing anew from the elements and attributes it knows; any other is an
// error that names it, so that a drawing can neither run scripts nor ask for anything from outside.
func inlineSVG(svg []byte, alt string) (string, error) {
	var b strings.Builder
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	depth := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("SVG: %w", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			if root := depth == 0; !slices.Contains(svgElements, name) || root != (name == "svg") || root && b.Len() > 0 {
				return "", fmt.Errorf("SVG: element <%s> is not allowed there", name)
			}
			b.WriteString("<" + name)
			if depth == 0 {
				fmt.Fprintf(&b, ` role="img" aria-label="%s"`, html.EscapeString(alt))
				if !slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == "viewBox" }) {
					return "", errors.New("SVG: no viewBox: the drawing cannot be scaled")
				}
			}
			if err := svgAttrs(&b, e.Attr, depth == 0); err != nil {
				return "", fmt.Errorf("SVG: <%s>: %w", name, err)
			}
			b.WriteString(">")
			depth++
		case xml.EndElement:
			depth--
			b.WriteString("</" + e.Name.Local + ">")
		case xml.CharData:
			if depth > 0 {
				b.WriteString(html.EscapeString(string(e)))
			}
		}
	}
	if b.Len() == 0 {
		return "", errors.New("SVG: there is no <svg> element")
	}
	return b.String(), nil
}

func svgAttrs(b *strings.Builder, attrs []xml.Attr, root bool) error {
	for _, a := range attrs {
		name := a.Name.Local
		if a.Name.Space == "xmlns" || slices.Contains(svgDropped, name) || root && (name == "width" || name == "height") {
			continue
		}
		if !slices.Contains(svgAttributes, name) || a.Name.Space != "" {
			return fmt.Errorf("attribute %q is not allowed", name)
		}
		// A style or paint can load a file by url(…); a backslash can spell it otherwise, an @ import it.
		if v := strings.ToLower(a.Value); strings.Contains(v, "url") || strings.ContainsAny(v, `\@`) {
			return fmt.Errorf("attribute %s=%q may load something", name, a.Value)
		}
		fmt.Fprintf(b, ` %s="%s"`, name, html.EscapeString(a.Value))
	}
	return nil
}
