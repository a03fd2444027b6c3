package suite

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/c88edac7/bytescale-go"
)

// useOfTheSDK does with the SDK what people do with it.
func useOfTheSDK(h *harness) []step {
	return []step{{"an upload and what follows", func() error {
		client, err := bytescale.NewClient(key, bytescale.WithAPIURL(origin), bytescale.WithCDNURL(origin),
			bytescale.WithTransport(h.strict), bytescale.WithPutsInFlight(1))
		if err != nil {
			return err
		}
		return useSDK(h.ctx, client)
	}}}
}

func useSDK(ctx context.Context, client *bytescale.Client) error {
	content := []byte("from the SDK")
	file, err := client.Upload(ctx, bytescale.Bytes(content), bytescale.WithPath("/sdk/file.txt"), bytescale.WithTags("t"),
		bytescale.WithMetadata(map[string]any{"user": 42}), bytescale.WithMIME("text/plain"), bytescale.WithOriginalFileName("o.txt"))
	if err != nil {
		return err
	}
	details, err := client.GetFileDetails(ctx, file.FilePath)
	if err != nil {
		return err
	}
	if details.ETag != file.ETag || details.Size != int64(len(content)) {
		return errors.New("the details differ from what the upload said")
	}
	for _, part := range []struct {
		options []bytescale.DownloadOption
		want    []byte
	}{{nil, content}, {[]bytescale.DownloadOption{bytescale.WithRange(5, 3), bytescale.WithCDNAuth()}, content[5:8]}} {
		download, err := client.Download(ctx, file.FilePath, part.options...)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(download)
		if err := errors.Join(err, download.Close()); err != nil {
			return err
		}
		if !bytes.Equal(got, part.want) {
			return errors.New("the downloaded bytes differ")
		}
	}
	if err := client.DeleteFile(ctx, file.FilePath); err != nil {
		return err
	}
	if _, err := client.GetFileDetails(ctx, file.FilePath); !errors.Is(err, bytescale.ErrNotFound) {
		return errors.New("the deleted file is still there")
	}
	return nil
}
