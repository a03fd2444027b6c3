// Package release checks what `make snapshot` has built: not the names of files only,
// but what is in them.
package release

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/sassoftware/go-rpmutils"
)

const (
	built  = "../../build/release"
	images = "../../build/images"
)

// platforms are the systems and processors that a release is for.
var platforms = []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64", "windows_arm64"}

// contents are the files in an archive beside the binary.
var contents = []string{
	"LICENSE", "THIRD_PARTY_NOTICES.txt", "README.md", "CHANGELOG.md",
	"completions/bytescale.bash", "completions/bytescale.zsh", "completions/bytescale.fish", "completions/bytescale.ps1",
	"man/bytescale.1.gz", "man/bytescale-upload.1.gz", "man/bytescale-emulator.1.gz",
}

// only returns the one file that matches a pattern.
func only(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %q, %v; want one file", pattern, files, err)
	}
	return files[0]
}

// commit returns the commit that the snapshot was made of.
func commit(t *testing.T) (hash, date string) {
	t.Helper()
	out, err := exec.Command("git", "log", "-1", "--format=%H %cI").Output()
	if err != nil {
		t.Fatal(err)
	}
	hash, date, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
	at, err := time.Parse(time.RFC3339, date)
	if err != nil {
		t.Fatal(err)
	}
	return hash, at.UTC().Format(time.RFC3339)
}

func TestArchives(t *testing.T) {
	for _, platform := range platforms {
		t.Run(platform, func(t *testing.T) {
			binary, files := "bytescale", map[string][]byte{}
			if strings.HasPrefix(platform, "windows") {
				binary = "bytescale.exe"
				files = unzip(t, only(t, built+"/bytescale_*_"+platform+".zip"))
			} else {
				files = untar(t, only(t, built+"/bytescale_*_"+platform+".tar.gz"))
			}
			for _, name := range append([]string{binary}, contents...) {
				if len(files[name]) == 0 {
					t.Errorf("%s is missing", name)
				}
			}
			if platform == runtime.GOOS+"_"+runtime.GOARCH {
				archive := filepath.Base(only(t, built+"/bytescale_*_"+platform+".tar.gz"))
				checkVersion(t, files[binary], strings.TrimSuffix(strings.TrimPrefix(archive, "bytescale_"), "_"+platform+".tar.gz"))
			}
		})
	}
}

// checkVersion runs the command, which tells the version in the name of its archive, the
// commit that it was built from and the commit's time.
func checkVersion(t *testing.T, binary []byte, version string) {
	t.Helper()
	command := filepath.Join(t.TempDir(), "bytescale")
	if err := os.WriteFile(command, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(command, "--version").CombinedOutput()
	hash, date := commit(t)
	want := fmt.Sprintf("bytescale %s (commit %s, %s, ", version, hash, date)
	if err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("--version: %s, %v; want %s", out, err, want)
	}
	t.Logf("%s", out)
}

func untar(t *testing.T, name string) map[string][]byte {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	return readTar(t, unzipped)
}

// readTar reads all files of a tar file by their names.
func readTar(t *testing.T, from io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for reader := tar.NewReader(from); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if files[path.Clean(header.Name)], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}

func unzip(t *testing.T, name string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files := map[string][]byte{}
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name], err = io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	return files
}

// The packages put each file where the shells and man look for it.
var installed = []string{
	"/usr/bin/bytescale", "/usr/share/bash-completion/completions/bytescale", "/usr/share/fish/vendor_completions.d/bytescale.fish",
	"/usr/share/man/man1/bytescale.1.gz", "/usr/share/doc/bytescale/copyright",
}

func TestDebian(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		name := only(t, built+"/bytescale_*_linux_"+arch+".deb")
		out, err := exec.Command("dpkg-deb", "--contents", name).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		for _, file := range append([]string{"/usr/share/zsh/vendor-completions/_bytescale"}, installed...) {
			if !strings.Contains(string(out), " ."+file+"\n") {
				t.Errorf("%s has no %s:\n%s", name, file, out)
			}
		}
		field, err := exec.Command("dpkg-deb", "--field", name, "Architecture").CombinedOutput()
		if err != nil || strings.TrimSpace(string(field)) != arch {
			t.Errorf("%s is for %s, %v", name, field, err)
		}
	}
}

func TestRPM(t *testing.T) {
	for arch, want := range map[string]string{"amd64": "x86_64", "arm64": "aarch64"} {
		name := only(t, built+"/bytescale_*_linux_"+arch+".rpm")
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pack, err := rpmutils.ReadRpm(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files, err := pack.Header.GetFiles()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, file := range files {
			names = append(names, file.Name())
		}
		for _, file := range append([]string{"/usr/share/zsh/site-functions/_bytescale"}, installed...) {
			if !slices.Contains(names, file) {
				t.Errorf("%s has no %s: %q", name, file, names)
			}
		}
		if got, err := pack.Header.GetString(rpmutils.ARCH); got != want || err != nil {
			t.Errorf("%s is for %s, %v", name, got, err)
		}
	}
}

// Every file that is published has its checksum.
func TestChecksums(t *testing.T) {
	sums, err := os.ReadFile(only(t, built+"/checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = sum
	}
	var published []string
	for _, pattern := range []string{"*.tar.gz", "*.zip", "*.deb", "*.rpm", "*.sbom.json"} {
		files, _ := filepath.Glob(filepath.Join(built, pattern))
		published = append(published, files...)
	}
	tars, _ := filepath.Glob(filepath.Join(images, "*.tar"))
	published = append(published, tars...)
	if want := 4 + 2 + 2 + 2 + 6 + 2; len(published) != want || len(listed) != want {
		t.Errorf("%d files and %d checksums, want %d", len(published), len(listed), want)
	}
	for _, name := range published {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if listed[filepath.Base(name)] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has another checksum, or none", name)
		}
	}
}

// The software bill of materials lists the modules that are linked.
func TestSBOM(t *testing.T) {
	for _, platform := range platforms {
		content, err := os.ReadFile(only(t, built+"/bytescale_*_"+platform+".sbom.json"))
		if err != nil {
			t.Fatal(err)
		}
		var bill struct {
			BOMFormat  string
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(content, &bill); err != nil || bill.BOMFormat != "CycloneDX" {
			t.Fatalf("%s: format %q, %v", platform, bill.BOMFormat, err)
		}
		linked := map[string]bool{}
		for _, component := range bill.Components {
			linked[component.Name] = component.Version != ""
		}
		for _, module := range []string{"github.com/spf13/cobra", "go.etcd.io/bbolt", "github.com/oapi-codegen/runtime"} {
			if !linked[module] {
				t.Errorf("%s: %s is not listed", platform, module)
			}
		}
		if linked["github.com/goreleaser/goreleaser/v2"] || linked["github.com/cpuguy83/go-md2man/v2"] {
			t.Errorf("%s lists what is not linked", platform)
		}
	}
}

// The image is a whole OCI layout for each processor. What is in it starts with nothing
// but itself, as its user, and answers.
func TestImages(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			file := only(t, images+"/bytescale-emulator_*_linux_"+arch+".tar")
			dir := t.TempDir()
			unpack(t, file, dir)
			index, err := layout.ImageIndexFromPath(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate.Index(index); err != nil {
				t.Fatal(err)
			}
			manifest, err := index.IndexManifest()
			if err != nil || len(manifest.Manifests) != 1 {
				t.Fatalf("%+v, %v", manifest, err)
			}
			image, err := index.Image(manifest.Manifests[0].Digest)
			if err != nil {
				t.Fatal(err)
			}
			config, err := image.ConfigFile()
			if err != nil || config.Architecture != arch || config.OS != "linux" {
				t.Fatalf("the image is for %s/%s, %v", config.OS, config.Architecture, err)
			}
			checkDockerManifest(t, dir, image)
			root := t.TempDir()
			unpackImage(t, image, root)
			if arch == runtime.GOARCH {
				startImage(t, config.Config, root)
			}
		})
	}
}

// unpack writes the files of a tar file into a directory.
func unpack(t *testing.T, name, dir string) {
	t.Helper()
	if out, err := exec.Command("tar", "-xf", name, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
}

// checkDockerManifest looks at the file by which docker load finds the same image.
func checkDockerManifest(t *testing.T, dir string, image v1.Image) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(content, &entries); err != nil || len(entries) != 1 {
		t.Fatalf("%s, %v", content, err)
	}
	config, err := image.ConfigName()
	if err != nil || entries[0].Config != "blobs/sha256/"+config.Hex {
		t.Errorf("the configuration is %s, want %s, %v", entries[0].Config, config, err)
	}
	if !slices.Contains(entries[0].RepoTags, "bytescale-emulator:latest") {
		t.Errorf("tags %q", entries[0].RepoTags)
	}
	for _, blob := range append(entries[0].Layers, entries[0].Config) {
		if _, err := os.Stat(filepath.Join(dir, blob)); err != nil {
			t.Error(err)
		}
	}
}

// unpackImage writes what is in an image into a directory, with owners if root does it.
func unpackImage(t *testing.T, image v1.Image, root string) {
	t.Helper()
	files := mutate.Extract(image)
	defer files.Close()
	unpacking := exec.Command("tar", "-x", "-C", root)
	unpacking.Stdin = files
	if out, err := unpacking.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
}

// startImage starts what is in an unpacked image: in a root directory of its own and as
// its user if root does it, otherwise in the directory.
func startImage(t *testing.T, config v1.Config, root string) {
	t.Helper()
	run := func(arguments ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(root, config.Entrypoint[0]), append(config.Entrypoint[1:], arguments...)...)
		cmd.Env = append(slices.Clone(config.Env), "BYTESCALE_EMULATOR_API_KEY=secret_A623uY2image")
		if os.Getuid() != 0 {
			cmd.Env = append(cmd.Env, "BYTESCALE_EMULATOR_DATA="+filepath.Join(root, "data"))
			return cmd
		}
		var user, group uint32
		if _, err := fmt.Sscanf(config.User, "%d:%d", &user, &group); err != nil {
			t.Fatalf("user %q: %v", config.User, err)
		}
		cmd.Path, cmd.Dir = config.Entrypoint[0], "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: user, Gid: group}}
		return cmd
	}
	emulator := run(config.Cmd...)
	emulator.Env = append(emulator.Env, "BYTESCALE_EMULATOR_ADDR=0.0.0.0:0") // a free port
	var log bytes.Buffer
	emulator.Stderr = &log
	out, err := emulator.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := emulator.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		emulator.Wait()
		t.Fatalf("%q, %v: %s", first, err, &log)
	}
	go io.Copy(io.Discard, lines)
	address := "127.0.0.1:" + strings.TrimSpace(first[strings.LastIndex(first, ":")+1:])

	response, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	t.Logf("/healthz answers %s: %s", response.Status, body)
	if response.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", response.Status)
	}
	health := run("emulator", "--healthcheck", "--addr", address)
	if out, err := health.CombinedOutput(); err != nil {
		t.Errorf("--healthcheck: %v\n%s", err, out)
	}
	request, _ := http.NewRequest(http.MethodPost, "http://"+address+"/v2/accounts/A623uY2/uploads/binary", strings.NewReader("hello"))
	request.Header.Set("Authorization", "Bearer secret_A623uY2image")
	request.Header.Set("Content-Type", "text/plain")
	if response, err := http.DefaultClient.Do(request); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("an upload: %v, %v", response, err)
	}
	if err := emulator.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := emulator.Wait(); err != nil {
		t.Errorf("the emulator did not end well: %v\n%s", err, &log)
	}
}
