//go:build !unix || aix

package girl

import "os"

// tryLock holds nothing on systems without flock.
func tryLock(*os.File) error { return nil }
