// Command aws downloads an object with the transfer manager of the AWS SDK: by ranges,
// over as many connections and with parts as long as bytescale download has them for a
// file of 512 MB. It is one of the programs that the benchmark measures.
//
//	aws ENDPOINT BUCKET KEY FILE
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	connections = 8
	partSize    = 8 << 20
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: aws ENDPOINT BUCKET KEY FILE")
		os.Exit(2)
	}
	if err := download(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "aws:", err)
		os.Exit(1)
	}
}

// download writes an object to a file.
func download(ctx context.Context, endpoint, bucket, key, name string) error {
	client := s3.New(s3.Options{
		BaseEndpoint: &endpoint,
		UsePathStyle: true,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("bench", "secret", ""),
	})
	manager := transfermanager.New(client, func(o *transfermanager.Options) {
		o.GetObjectType = types.GetObjectRanges
		o.Concurrency = connections
		o.PartSizeBytes = partSize
	})
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = manager.DownloadObject(ctx, &transfermanager.DownloadObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key), WriterAt: file,
	})
	return errors.Join(err, file.Close())
}
