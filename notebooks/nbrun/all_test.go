//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"genjobrec/girl"
)

// All notebooks on a small run: each shows tables and pictures, each picture is a figure of the run, and every figure is shown. Then
// the figures are deleted: the notebooks bring them back with the same bytes.
func TestAllNotebooks(t *testing.T) {
	dir := smallRun(t)
	r := kernelRunner(t, "GENJOBREC_RUN="+dir)
	var log bytes.Buffer
	r.log = &log
	paths, err := filepath.Glob("../*.ipynb")
	if err != nil || len(paths) < 5 {
		t.Fatalf("notebooks %v, error %v", paths, err)
	}
	shown := map[string]bool{} // names of figures
	for _, path := range paths {
		if err := r.run(context.Background(), path); err != nil {
			t.Fatalf("%v\n%s", err, &log)
		}
		name := filepath.Base(path)
		cells := readOutputs(t, filepath.Join(r.out, name))
		said := saidBy(t, cells)
		if name != "00_data.ipynb" && !strings.Contains(said, "<progress ") {
			t.Errorf("%s computes and shows no bar", name)
		}
		if name != "02_matching.ipynb" && name != "04_generations.ipynb" && !showsTexts(t, dir, said) {
			t.Errorf("%s shows no text of the market", name)
		}
		tables, pictures := shownBy(t, cells...)
		if tables == 0 || len(pictures) == 0 {
			t.Errorf("%s shows %d tables and %d pictures", name, tables, len(pictures))
		}
		for i, p := range pictures {
			figure := ""
			for file, data := range figureFiles(t, dir) {
				if bytes.Equal(p, data) {
					figure = strings.TrimSuffix(file, ".png")
					shown[figure] = true
				}
			}
			if figure == "" {
				t.Errorf("%s: picture %d is none of the run's figures", name, i+1)
			}
		}
	}
	if len(goldPanels(t, dir)) < 2 {
		t.Errorf("the gold reward is drawn in %q, want two figures at least", goldPanels(t, dir))
	}
	checkMatching(t, dir, filepath.Join(r.out, "02_matching.ipynb"))
	noLeftovers(t, r, "")

	before := figureFiles(t, dir)
	for _, file := range slices.Sorted(maps.Keys(before)) {
		if figure, ok := strings.CutSuffix(file, ".png"); ok && !shown[figure] {
			t.Errorf("no notebook shows the run's figure %s", figure)
		}
	}
	for file := range before {
		if shown[strings.TrimSuffix(file, filepath.Ext(file))] {
			if err := os.Remove(filepath.Join(dir, "figures", file)); err != nil {
				t.Fatal(err)
			}
		}
	}
	again := *r
	again.out = t.TempDir()
	for _, path := range paths {
		if err := again.run(context.Background(), withoutTables(t, filepath.Join(r.out, filepath.Base(path)))); err != nil {
			t.Fatalf("%v\n%s", err, &log)
		}
	}
	after := figureFiles(t, dir)
	for _, file := range slices.Sorted(maps.Keys(before)) {
		switch data, ok := after[file]; {
		case !ok:
			t.Errorf("the deleted figure %s does not come back", file)
		case !bytes.Equal(data, before[file]):
			t.Errorf("the deleted figure %s comes back with other bytes", file)
		}
	}
	t.Logf("figures deleted and made again: %q\n%s", slices.Sorted(maps.Keys(shown)), &log)
}

// showsTexts reports whether a text of the market's, or one written on it, stands in what cells said.
func showsTexts(t *testing.T, run, said string) bool {
	t.Helper()
	folder, err := girl.ExportData(context.Background(), run)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(textsOf(t, folder, run), func(text string) bool { return strings.Contains(said, text) })
}

// shownBy counts the tables and decodes the pictures in the outputs of cells.
func shownBy(t *testing.T, cells ...[]output) (tables int, pictures [][]byte) {
	t.Helper()
	for _, list := range cells {
		for _, o := range list {
			var text string
			if data := o.Data["text/html"]; data != nil {
				if err := json.Unmarshal(data, &text); err != nil {
					t.Fatal(err)
				}
				tables += strings.Count(text, "</table>")
			}
			if data := o.Data["image/png"]; data != nil {
				var picture []byte // base64, as Go writes bytes in JSON
				if err := json.Unmarshal(data, &picture); err != nil {
					t.Fatal(err)
				}
				pictures = append(pictures, picture)
			}
		}
	}
	return tables, pictures
}

// withoutTables copies an executed notebook without the cells that show tables alone, which no figure needs.
func withoutTables(t *testing.T, executed string) (path string) {
	t.Helper()
	nb, err := readNotebook(executed)
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for i, list := range readOutputs(t, executed) {
		if c := nb.cells[i]; c.kind == "code" {
			if tables, pictures := shownBy(t, list); tables == 0 || len(pictures) > 0 {
				sources = append(sources, c.source)
			}
		}
	}
	return writeCells(t, sources...)
}

// figureFiles reads the figures of a run.
func figureFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "figures", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = data
	}
	return files
}
