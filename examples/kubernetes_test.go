package examples

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// job is what the test needs of a Job of Kubernetes.
type job struct {
	APIVersion, Kind string
	Spec             struct {
		CompletionMode           string
		Completions, Parallelism int
		Template                 struct {
			Spec struct{ Containers []container }
		}
	}
}

type container struct {
	Command, Args []string
	Env           []struct {
		Name, Value string
		ValueFrom   struct{ SecretKeyRef struct{ Name, Key string } }
	}
	VolumeMounts []struct{ Name, MountPath string }
}

func (j *job) UnmarshalYAML(node *yaml.Node) error {
	lowerKeys(node)
	type plain job
	return node.Decode((*plain)(j))
}

// lowerKeys makes the keys of a document those that the yaml package expects for a struct.
func lowerKeys(node *yaml.Node) {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			child.Value = strings.ToLower(child.Value)
		}
		lowerKeys(child)
	}
}

var variable = regexp.MustCompile(`\$(\$|\(([-._a-zA-Z][-._a-zA-Z0-9]*)\))`)

// expand replaces $(NAME) in an argument as Kubernetes does: a variable that is not set stays
// as it is written, and $$ is a dollar sign.
func expand(argument string, env map[string]string) string {
	return variable.ReplaceAllStringFunc(argument, func(found string) string {
		if found == "$$" {
			return "$"
		}
		if value, set := env[found[2:len(found)-1]]; set {
			return value
		}
		return found
	})
}

func TestExpand(t *testing.T) {
	env := map[string]string{"A": "1"}
	for argument, want := range map[string]string{
		"--shard=$(A)/8": "--shard=1/8", "$(B)/8": "$(B)/8", "$$(A)": "$(A)", "$A": "$A", "$(A)$(A)": "11",
	} {
		if got := expand(argument, env); got != want {
			t.Errorf("%s becomes %s, want %s", argument, got, want)
		}
	}
}

// tree is a directory of some files, and their contents by name.
func tree(t *testing.T) (dir string, contents map[string][]byte) {
	t.Helper()
	dir, contents = t.TempDir(), map[string][]byte{}
	for i := range 100 {
		name := fmt.Sprintf("%d/file %d.txt", i%7, i)
		contents[name] = fmt.Appendf(nil, "content %d", i)
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, contents[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, contents
}

// shards runs a shard of the command for each index, with what else it needs in the
// environment, and checks that together they store every file once.
func shards(t *testing.T, n int, command func(dir string, index int) *exec.Cmd) {
	t.Helper()
	srv := bytescaletest.NewServer(t)
	dir, contents := tree(t)
	for index := range n {
		before := len(srv.Files())
		cmd := command(dir, index)
		cmd.Env = append(cmd.Env, "BYTESCALE_API_KEY="+srv.Key(), "BYTESCALE_API_URL="+srv.URL(), "BYTESCALE_CDN_URL="+srv.URL())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("shard %d: %v\n%s", index, err, out)
		}
		if stored := len(srv.Files()) - before; stored == 0 || stored > len(contents)/2 {
			t.Errorf("shard %d stored %d files of %d", index, stored, len(contents))
		}
	}
	begun := 0
	for _, exchange := range srv.Exchanges() {
		if slices.Contains([]string{"BeginMultipartUpload", "BasicUpload"}, exchange.Operation) {
			begun++
		}
	}
	if files := srv.Files(); begun != len(contents) || len(files) != len(contents) {
		t.Errorf("%d uploads made %d files, want %d", begun, len(files), len(contents))
	}
	for name, content := range contents {
		if stored, ok := srv.File("/archive/" + name); !ok || !bytes.Equal(stored.Bytes(), content) {
			t.Errorf("%s: stored %v", name, ok)
		}
	}
}

// build builds the command.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bytescale")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/bytescale").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// The pods of the job store every file once. Only the paths of the volumes are other ones.
func TestKubernetesJob(t *testing.T) {
	text, err := os.ReadFile("kubernetes/job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var j job
	if err := yaml.Unmarshal(text, &j); err != nil {
		t.Fatal(err)
	}
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Spec.CompletionMode != "Indexed" || j.Spec.Completions != 8 {
		t.Fatalf("it is %+v", j)
	}
	pod := j.Spec.Template.Spec.Containers[0]
	if !slices.Equal(pod.Command, []string{"/bytescale"}) {
		t.Errorf("the pods run %q", pod.Command)
	}
	command := build(t)
	shards(t, j.Spec.Completions, func(dir string, index int) *exec.Cmd {
		volumes := map[string]string{"/data": dir, "/state": t.TempDir()}
		for _, mount := range pod.VolumeMounts {
			if volumes[mount.MountPath] == "" {
				t.Errorf("the test has no volume for %s", mount.MountPath)
			}
		}
		env := map[string]string{"JOB_COMPLETION_INDEX": fmt.Sprint(index)} // which Kubernetes adds by itself
		cmd := exec.Command(command)
		for _, v := range pod.Env {
			if v.ValueFrom.SecretKeyRef.Key != "" {
				continue // the key
			}
			value := expand(v.Value, env)
			if at, ok := volumes[value]; ok {
				value = at
			}
			env[v.Name] = value
		}
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		for _, argument := range pod.Args {
			argument = expand(argument, env)
			if at, ok := volumes[argument]; ok {
				argument = at
			}
			cmd.Args = append(cmd.Args, argument)
		}
		return cmd
	})
}

var arrayLine = regexp.MustCompile(`(?m)^bytescale sync .*\$\{?([A-Z_]+INDEX|[A-Z_]+ID)\b.*/(\d+).*$`)

// The command lines of docs/fleet.md for other schedulers work, too.
func TestJobArrays(t *testing.T) {
	text, err := os.ReadFile("../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := arrayLine.FindAllStringSubmatch(string(text), -1)
	if len(lines) < 2 {
		t.Fatalf("found %d lines", len(lines))
	}
	command := build(t)
	for _, line := range lines {
		t.Run(line[1], func(t *testing.T) {
			var n int
			if _, err := fmt.Sscan(line[2], &n); err != nil {
				t.Fatal(err)
			}
			shards(t, n, func(dir string, index int) *exec.Cmd {
				cmd := exec.Command("sh", "-c", strings.ReplaceAll(line[0], " /data ", " '"+dir+"' "))
				cmd.Env = []string{
					fmt.Sprintf("%s=%d", line[1], index), "XDG_STATE_HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(),
					"PATH=" + filepath.Dir(command) + string(os.PathListSeparator) + os.Getenv("PATH"),
				}
				return cmd
			})
		})
	}
}
