package nb

import (
	"strings"
	"testing"

	"genjobrec/girl"
)

func TestSamplesAreEscaped(t *testing.T) {
	bad := "<script>alert(1)</script>"
	got := samplesHTML([]girl.QualitySample{
		{CVID: "a<b", CV: "I know C & C++ " + bad, JDs: []girl.SystemText{{System: "GIRL", Text: "first " + bad}, {System: "<i>", Text: "second"}}},
		{CVID: "d", CV: "e", JDs: []girl.SystemText{{System: "GIRL", Text: "third"}}},
	}, "two of <many>")
	if strings.Contains(got, "<script") || strings.Contains(got, "<i>") || strings.Contains(got, "<many>") || strings.Count(got, "&lt;script&gt;") != 2 {
		t.Errorf("a text became markup:\n%s", got)
	}
	at := 0
	for _, want := range []string{"CV a&lt;b", "I know C &amp; C++", "GIRL", "&lt;i&gt;", "first ", "second", "CV d", "third", "two of &lt;many&gt;"} {
		i := strings.Index(got[at:], want)
		if i < 0 {
			t.Fatalf("%q is missing or not in its place:\n%s", want, got)
		}
		at += i
	}
	if !strings.Contains(got, `<td colspan="2"`) {
		t.Error("the CV does not stand above all its JDs")
	}
}
