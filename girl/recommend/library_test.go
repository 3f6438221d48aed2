package recommend

import "testing"

// TestListsAreKnownByTheirTexts: the same JDs in any order are one list, and two JDs are not one that holds both.
func TestListsAreKnownByTheirTexts(t *testing.T) {
	l := newLibrary()
	two := l.newList([]string{"plumber", "welder"})
	if l.newList([]string{" ", "welder", "plumber"}) != two {
		t.Error("the same JDs in another order, with a blank one, are another list")
	}
	for _, other := range [][]string{{"plumber\x00welder"}, {"plumberwelder"}, {"plumber"}, {"plumber", "plumber", "welder"}, nil} {
		if l.newList(other) == two {
			t.Errorf("%q is the list of plumber and welder", other)
		}
	}
}
