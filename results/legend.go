package results

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend is a strip of entries that flows over as many lines as it needs, so that entries never
// collide with each other or with the data.
type legend []legendEntry

type legendEntry struct {
	text string
	line draw.LineStyle // shown as a short line; zero width: none
	mark color.Color    // of a dot on the line, or instead of one; nil: none
}

// hollowWords explain dots that are rings.
const hollowWords = "hollow: no interval"

// thumb is the room that the sample and the gap after it take.
func (e legendEntry) thumb() vg.Length {
	if e.line.Width == 0 && e.mark == nil {
		return 0
	}
	return legendThumb + legendGap
}

const (
	legendThumb = 22 * vg.Inch / 72 // length of the sample line
	legendGap   = 5 * vg.Inch / 72  // between sample and text
	legendSpace = 14 * vg.Inch / 72 // between entries
	legendLine  = 12 * vg.Inch / 72 // height of a line
	legendAbove = 6 * vg.Inch / 72  // between the axis labels and the strip
)

// lines breaks the entries into lines of at most the width; widths are those of whole entries.
func (l legend) lines(width vg.Length) (lines [][]legendEntry, widths [][]vg.Length) {
	style := textStyle(tickSize)
	used := vg.Length(0)
	for _, e := range l {
		w := e.thumb() + style.Width(e.text)
		if len(lines) == 0 || used+legendSpace+w > width {
			lines, widths = append(lines, nil), append(widths, nil)
			used = -legendSpace
		}
		last := len(lines) - 1
		lines[last], widths[last] = append(lines[last], e), append(widths[last], w)
		used += legendSpace + w
	}
	return lines, widths
}

// height of the strip at a width.
func (l legend) height(width vg.Length) vg.Length {
	lines, _ := l.lines(width)
	return legendLine * vg.Length(len(lines))
}

// draw fills the canvas from its top, each line centred.
func (l legend) draw(c draw.Canvas) {
	style := textStyle(tickSize)
	style.YAlign = draw.YCenter
	lines, widths := l.lines(c.Max.X - c.Min.X)
	for i, entries := range lines {
		total := legendSpace * vg.Length(len(entries)-1)
		for _, w := range widths[i] {
			total += w
		}
		x := c.Center().X - total/2
		y := c.Max.Y - legendLine*(vg.Length(i)+0.5)
		for j, e := range entries {
			if e.line.Width > 0 {
				c.StrokeLine2(e.line, x, y, x+legendThumb, y)
			}
			if e.mark != nil {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: e.mark, Radius: vg.Points(2.2), Shape: draw.CircleGlyph{}}, vg.Point{X: x + legendThumb/2, Y: y})
			}
			c.FillText(style, vg.Point{X: x + e.thumb(), Y: y}, e.text)
			x += widths[i][j] + legendSpace
		}
	}
}
