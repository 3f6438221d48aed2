package ppo

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The list in the package's documentation has all 24 points, each with tests that exist.
func TestChecklistNamesTestsThatExist(t *testing.T) {
	data, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "\n//     ", " ")
	sources := map[string]string{}
	exists := func(dir, name string) bool {
		if sources[dir] == "" {
			files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no tests in %s, error %v", dir, err)
			}
			for _, f := range files {
				source, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				sources[dir] += string(source)
			}
		}
		return strings.Contains(sources[dir], "\nfunc "+name+"(t *testing.T) {")
	}
	names := regexp.MustCompile(`(?:\b([a-z]+)\.)?\b(Test\w+)`)
	for _, m := range names.FindAllStringSubmatch(text, -1) {
		dir := "."
		if m[1] != "" {
			dir = filepath.Join("..", m[1])
		}
		if !exists(dir, m[2]) {
			t.Errorf("there is no %s in %s", m[2], dir)
		}
	}
	for point := range 24 {
		line := regexp.MustCompile(fmt.Sprintf(`(?m)^//   - %d .*: .*Test`, point+1))
		if n := len(line.FindAllString(text, -1)); n != 1 {
			t.Errorf("point %d stands %d times in the list with a test", point+1, n)
		}
	}
}
