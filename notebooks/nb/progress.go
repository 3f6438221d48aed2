package nb

import (
	"fmt"
	"html"
	"io"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/girl"
)

// progressInterval keeps updates to four a second.
const progressInterval = 250 * time.Millisecond

// Progress is a reporter that shows a live bar below the cell while stages are computed.
func Progress() *girl.Reporter {
	var mu sync.Mutex // guards last
	var last time.Time
	id := gonbui.UniqueId()
	r := girl.NewReporter(io.Discard)
	r.Listen(func(stage string, done, total int, note string) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); gonbui.IsNotebook && (now.Sub(last) >= progressInterval || done == total) {
			last = now
			gonbui.UpdateHTML(id, progressHTML(stage, done, total, note))
			if done == total { // the cell may end with it
				gonbui.Sync()
			}
		}
	})
	return r
}

func progressHTML(stage string, done, total int, note string) string {
	return fmt.Sprintf(`%s <progress value="%d" max="%d"></progress> %d/%d, %s`,
		html.EscapeString(stage), done, max(total, 1), done, total, html.EscapeString(note))
}
