//go:build browser

package browser

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/cdn"
)

const account = "A623uY2"

// run runs a command to its end and returns what it prints.
func run(t *testing.T, env []string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// chromium returns the browser to use.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no Chromium or Chrome; make browser installs Debian's, or name yours in CHROMIUM")
	return ""
}

// startExample runs the example as a user does, with the widget from npm instead
// of the network, and returns the addresses of its page and of its emulator.
func startExample(t *testing.T) (page, emulator string) {
	t.Helper()
	dir := t.TempDir()
	run(t, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
	run(t, nil, "node", "bundle.mjs", filepath.Join(dir, "scripts", "bytescale.js"))
	run(t, nil, "go", "build", "-o", filepath.Join(dir, "example"), "../../examples/browser")
	example := exec.Command(filepath.Join(dir, "example"), "-addr", "127.0.0.1:0", "-scripts", filepath.Join(dir, "scripts"))
	example.Stderr = os.Stderr
	out, err := example.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := example.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := example.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := example.Wait(); err != nil {
			t.Errorf("the example did not end well: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "The emulator is at "); ok {
			emulator = address
		}
		if address, ok := strings.CutPrefix(lines.Text(), "The page is at "); ok {
			return address, emulator
		}
	}
	t.Fatalf("the example ended: %v", lines.Err())
	return "", ""
}

// screenshots is where the screenshots go. CI keeps them.
func screenshots(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../build/browser")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files writes what is uploaded: many parts, a name with a space and an umlaut; a
// text; an image. It returns their names and the hash of each by its name.
func files(t *testing.T) (paths []string, hashes map[string]string) {
	t.Helper()
	dir, hashes := t.TempDir(), map[string]string{}
	write := func(name string, fill func(io.Writer) error) {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		hash := sha256.New()
		if err := fill(io.MultiWriter(f, hash)); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, f.Name())
		hashes[name] = string(hash.Sum(nil))
	}
	write("großes Archiv 1.bin", func(w io.Writer) error {
		_, err := io.CopyN(w, rand.Reader, 24<<20+7)
		return err
	})
	write("note.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, "Grüße 🌍\n")
		return err
	})
	write("picture.png", func(w io.Writer) error { return png.Encode(w, picture()) })
	return paths, hashes
}

// picture is wider than high, so that the crop step has something to cut off.
func picture() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 400, 240))
	for y := range 240 {
		for x := range 400 {
			m.Set(x, y, color.RGBA{uint8(x / 2), uint8(y), uint8(255 - x/2), 255})
		}
	}
	return m
}

// stored is a file as the widget reports it. Path is that of the crop if there was
// one: JSON that names the part of the original to keep.
type stored struct{ Path, Original string }

// TestBrowser runs the example page.
func TestBrowser(t *testing.T) {
	page, emulator := startExample(t)
	env := []string{"CHROMIUM=" + chromium(t), "PAGE=" + page, "SHOTS=" + screenshots(t)}
	t.Run("session", func(t *testing.T) { run(t, env, "node", "session.mjs") })
	t.Run("widget", func(t *testing.T) { upload(t, env, emulator) })
}

// upload uploads with the vendor's widget, and reads back what was stored.
func upload(t *testing.T, env []string, emulator string) {
	t.Helper()
	paths, hashes := files(t)
	list, err := json.Marshal(paths)
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, append(env, "FILES="+string(list)), "node", "upload.mjs")

	crops := 0
	for line := range strings.Lines(string(out)) {
		var file stored
		if err := json.Unmarshal([]byte(line), &file); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		content := download(t, emulator, file.Original)
		_, name, _ := strings.Cut(filepath.Base(file.Original), "-") // the default name puts a token before it
		hash := sha256.Sum256(content)
		if want, ok := hashes[name]; !ok || string(hash[:]) != want {
			t.Errorf("%s: %d bytes came back, or other ones", file.Original, len(content))
		}
		delete(hashes, name)
		if file.Path != file.Original {
			crops++
			checkCrop(t, download(t, emulator, file.Path), file.Original)
		}
	}
	if len(hashes) != 0 || crops != 1 {
		t.Errorf("%d files were not uploaded; %d crops, want 1", len(hashes), crops)
	}
}

// download reads the original file from the emulator.
func download(t *testing.T, emulator, path string) []byte {
	t.Helper()
	address, err := cdn.Links{AccountID: account, CDNURL: emulator}.Raw(path)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer secret_"+account+"browser") // the files of users are private
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, response.Status, err)
	}
	return content
}

// checkCrop reads the widget's description of the part to keep: a square, as the
// page demands.
func checkCrop(t *testing.T, content []byte, original string) {
	t.Helper()
	var crop struct {
		InputPath string
		Pipeline  struct {
			Steps []struct {
				Type     string
				Geometry struct {
					Offset struct{ X, Y int }
					Size   struct{ Width, Height int }
				}
			}
		}
	}
	if err := json.Unmarshal(content, &crop); err != nil || len(crop.Pipeline.Steps) != 1 {
		t.Fatalf("%s: %v", content, err)
	}
	step := crop.Pipeline.Steps[0]
	near := func(got, want int) bool { return want-2 <= got && got <= want+2 } // the editor works in pixels of the screen
	if crop.InputPath != path.Base(original) || step.Type != "crop" ||
		!near(step.Geometry.Offset.X, 80) || !near(step.Geometry.Size.Width, 240) || !near(step.Geometry.Size.Height, 240) {
		t.Errorf("%s is not the square in the middle of %s", content, original)
	}
}
