// Command image writes the image of the emulator as a tar file that is an OCI layout,
// and that docker load and podman load take as well. It needs no container engine and
// no registry.
//
//	image -binary FILE -arch ARCH -version VERSION -created SECONDS -output FILE
//
// The image has one layer: the command, certificate authorities for UploadFromUrl, and
// an empty directory /data that belongs to the user. Equal arguments make equal files.
package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	repository = "bytescale-emulator"
	// user has no name and no rights. Its number is the one that images without a shell
	// commonly use.
	user = 65532
)

// options are the arguments of the command.
type options struct {
	binary, arch, version, output string
	created                       time.Time
}

func main() {
	log.SetFlags(0)
	var o options
	var created int64
	flag.StringVar(&o.binary, "binary", "", "the command, built for Linux")
	flag.StringVar(&o.arch, "arch", "", "amd64 or arm64")
	flag.StringVar(&o.version, "version", "", "the version, which is the tag")
	flag.StringVar(&o.output, "output", "", "the file to write")
	flag.Int64Var(&created, "created", 0, "time of the image and of its files, in seconds since 1970")
	flag.Parse()
	o.created = time.Unix(created, 0).UTC()
	if err := write(o); err != nil {
		log.Fatal("image: ", err)
	}
}

// write builds the image and writes the file.
func write(o options) error {
	image, err := build(o)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendImage(image,
		layout.WithPlatform(v1.Platform{OS: "linux", Architecture: o.arch}),
		layout.WithAnnotations(map[string]string{
			"io.containerd.image.name":          "docker.io/library/" + repository + ":" + o.version,
			"org.opencontainers.image.ref.name": o.version,
		}),
	); err != nil {
		return err
	}
	if err := writeManifest(dir, image, o.version); err != nil {
		return err
	}
	return archive(dir, o.output, o.created)
}

// build makes the image.
func build(o options) (v1.Image, error) {
	files, err := layer(o)
	if err != nil {
		return nil, err
	}
	content, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{
		Layer: content, History: v1.History{Created: v1.Time{Time: o.created}, CreatedBy: "bytescale-go " + o.version},
	})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", o.arch
	config.Created = v1.Time{Time: o.created}
	config.Config = v1.Config{
		User:       fmt.Sprintf("%d:%[1]d", user),
		Entrypoint: []string{"/bytescale"},
		Cmd:        []string{"emulator"},
		Env: []string{
			"PATH=/", "BYTESCALE_EMULATOR_ADDR=0.0.0.0:8744", "BYTESCALE_EMULATOR_DATA=/data", "SSL_CERT_FILE=/certificates.pem",
		},
		ExposedPorts: map[string]struct{}{"8744/tcp": {}},
		Volumes:      map[string]struct{}{"/data": {}},
		Labels: map[string]string{
			"org.opencontainers.image.title":   "Emulator of the Bytescale service",
			"org.opencontainers.image.version": o.version,
			"org.opencontainers.image.source":  "https://github.com/c88edac7/bytescale-go",
		},
	}
	return mutate.ConfigFile(image, config)
}

// layer returns the files of the image as a tar file.
func layer(o options) ([]byte, error) {
	binary, err := os.ReadFile(o.binary)
	if err != nil {
		return nil, err
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	for _, file := range []struct {
		header  tar.Header
		content []byte
	}{
		{tar.Header{Name: "bytescale", Mode: 0o755}, binary},
		{tar.Header{Name: "certificates.pem", Mode: 0o644}, authorities()},
		{tar.Header{Name: "data/", Typeflag: tar.TypeDir, Mode: 0o700, Uid: user, Gid: user}, nil},
	} {
		file.header.Size, file.header.ModTime = int64(len(file.content)), o.created
		if err := w.WriteHeader(&file.header); err != nil {
			return nil, err
		}
		if _, err := w.Write(file.content); err != nil {
			return nil, err
		}
	}
	return files.Bytes(), w.Close()
}

// authorities returns the certificate authorities that browsers trust without
// conditions. A file cannot express the conditions of the others.
func authorities() []byte {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
		}
	}
	return text.Bytes()
}

// writeManifest adds the file by which docker load finds the image in an OCI layout.
func writeManifest(dir string, image v1.Image, version string) error {
	config, err := image.ConfigName()
	if err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	entry := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{blob(config), []string{repository + ":" + version, repository + ":latest"}, nil}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		entry.Layers = append(entry.Layers, blob(digest))
	}
	content, err := json.Marshal([]any{entry})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "manifest.json"), content, 0o644)
}

// blob returns the path of a blob in a layout.
func blob(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

// archive writes the files of a directory to a tar file, in the order of their names.
func archive(dir, output string, created time.Time) (err error) {
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	file, err := os.Create(output)
	if err != nil {
		return err
	}
	defer func() {
		if failed := file.Close(); err == nil {
			err = failed
		}
	}()
	w := tar.NewWriter(file)
	root := os.DirFS(dir)
	if err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(content)), ModTime: created}); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	}); err != nil {
		return err
	}
	return w.Close()
}
