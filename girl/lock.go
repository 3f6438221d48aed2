package girl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// lockFile is there while a process writes into a run's folder, and says which.
const lockFile = "girl.lock"

// errLocked is what tryLock says of a file that another process, or another opening in this one, holds.
var errLocked = errors.New("locked")

// folderLock keeps a second process from writing into the same run: two would take away each other's checkpoints and mix their
// artefacts. The system lets go of it when the process ends, however it ends; a file that a killed process left holds nothing.
type folderLock struct{ file *os.File }

// lockFolder takes the lock of a folder that is there. A lock that is held is an error that names the folder and the process.
func lockFolder(dir string) (*folderLock, error) {
	path := filepath.Join(dir, lockFile)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if err := tryLock(f); err != nil {
			holder := lockHolder(f)
			f.Close()
			if errors.Is(err, errLocked) {
				return nil, fmt.Errorf("%s is in use by %s: wait until it has ended, or choose another folder", dir, holder)
			}
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		// Who held it before may have removed the file since it was opened here: then this lock is on a file that nobody else will see.
		own, ownErr := f.Stat()
		current, err := os.Stat(path)
		if ownErr == nil && err == nil && os.SameFile(own, current) {
			recordHolder(f)
			return &folderLock{f}, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) || ownErr != nil {
			return nil, fmt.Errorf("locking %s: %w", path, errors.Join(err, ownErr))
		}
	}
}

// recordHolder writes this process's number into the file. It only serves the error that others get: where the disk is full, that
// names nobody.
func recordHolder(f *os.File) {
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}

// lockHolder names the process that wrote into the file.
func lockHolder(f io.Reader) string {
	data, _ := io.ReadAll(io.LimitReader(f, 32)) // what cannot be read names nobody
	if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && pid > 0 {
		return fmt.Sprintf("process %d", pid)
	}
	return "another process"
}

// release removes the file, while it is still locked, and lets go of it. A file that cannot be removed holds nothing once it is closed.
func (l *folderLock) release() {
	_ = os.Remove(l.file.Name())
	l.file.Close()
}

// leftover matches the temporary names under which files are written whole: see wholefile, results and lm.
var leftover = regexp.MustCompile(`^\..+(\.tmp|\.safetensors|\.checkpoint\.new)-[0-9]+$`)

// removeLeftovers deletes the half-written files that a killed process left in a run's folder. Whoever holds the folder's lock may do so:
// nobody else writes there, the executed notebooks apart.
func removeLeftovers(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path == filepath.Join(dir, "notebooks"):
			return fs.SkipDir
		case d.Type().IsRegular() && leftover.MatchString(d.Name()):
			return os.Remove(path)
		}
		return nil
	})
}
