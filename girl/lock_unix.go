//go:build unix && !aix

package girl

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes an advisory lock that belongs to the opening f. Nothing is held where the file system knows no locks: a run there is
// better than none.
func tryLock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return errLocked
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, unix.ENOLCK):
		return nil
	}
	return err
}
