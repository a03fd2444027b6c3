package bytescale

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// oddService answers with parts of its own making.
type oddService struct {
	*memoryService
	changeBegin func(*gen.BeginMultipartUploadResponse)
	changePart  func(*transfer.Part)
	told        int64 // the number of parts
}

func (o *oddService) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (*gen.BeginMultipartUploadResponse, error) {
	answer, err := o.memoryService.begin(ctx, request)
	if err == nil && o.changeBegin != nil {
		o.changeBegin(answer)
		o.told = answer.UploadParts.Count
	}
	return answer, err
}

func (o *oddService) GetPart(ctx context.Context, uploadID string, index int64) (transfer.Part, error) {
	got, err := o.memoryService.GetPart(ctx, uploadID, index)
	if err == nil && o.changePart != nil {
		o.changePart(&got)
	}
	return got, err
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	type begin = gen.BeginMultipartUploadResponse
	rows := map[string]oddService{
		"no upload id":            {changeBegin: func(a *begin) { a.UploadID = "" }},
		"upload id with a path":   {changeBegin: func(a *begin) { a.UploadID, a.UploadParts.First.UploadID = "a/b", "a/b" }},
		"foreign first part":      {changeBegin: func(a *begin) { a.UploadParts.First.UploadID = "1111111111111111" }},
		"no parts":                {changeBegin: func(a *begin) { a.UploadParts.Count = 0 }},
		"negative count":          {changeBegin: func(a *begin) { a.UploadParts.Count = -1 }},
		"more parts than bytes":   {changeBegin: func(a *begin) { a.UploadParts.Count = 1 << 62 }},
		"one part more":           {changeBegin: func(a *begin) { a.UploadParts.Count++ }},
		"one part less":           {changeBegin: func(a *begin) { a.UploadParts.Count-- }},
		"first index too high":    {changeBegin: func(a *begin) { a.UploadParts.First.UploadPartIndex = 3 }},
		"first index negative":    {changeBegin: func(a *begin) { a.UploadParts.First.UploadPartIndex = -1 }},
		"first index of another":  {changeBegin: func(a *begin) { a.UploadParts.First.UploadPartIndex = 2 }},
		"first does not start":    {changeBegin: func(a *begin) { a.UploadParts.First.Range.InclusiveStart = 1 }},
		"first beyond the file":   {changeBegin: func(a *begin) { a.UploadParts.First.Range.InclusiveEnd = 1 << 40 }},
		"first backwards":         {changeBegin: func(a *begin) { a.UploadParts.First.Range.InclusiveEnd = -7 }},
		"first overflows":         {changeBegin: func(a *begin) { a.UploadParts.First.Range.InclusiveEnd = 1<<63 - 1 }},
		"URL without a host":      {changeBegin: func(a *begin) { a.UploadParts.First.UploadURL = "/put/here" }},
		"URL of another scheme":   {changeBegin: func(a *begin) { a.UploadParts.First.UploadURL = "file:///etc/passwd" }},
		"URL that is none":        {changeBegin: func(a *begin) { a.UploadParts.First.UploadURL = "://" }},
		"part of another upload":  {changePart: func(p *transfer.Part) { p.UploadID = "1111111111111111" }},
		"another part":            {changePart: func(p *transfer.Part) { p.Index = 0 }},
		"overlap":                 {changePart: func(p *transfer.Part) { p.Start-- }},
		"gap":                     {changePart: func(p *transfer.Part) { p.Start++ }},
		"beyond the end":          {changePart: func(p *transfer.Part) { p.End++ }},
		"negative start":          {changePart: func(p *transfer.Part) { p.Start = -1 }},
		"lowest start":            {changePart: func(p *transfer.Part) { p.Start = -1 << 63 }},
		"backwards":               {changePart: func(p *transfer.Part) { p.End = p.Start - 2 }},
		"empty":                   {changePart: func(p *transfer.Part) { p.End = p.Start - 1 }},
		"overflow":                {changePart: func(p *transfer.Part) { p.End = 1<<63 - 1 }},
		"part without a URL":      {changePart: func(p *transfer.Part) { p.URL = "" }},
		"part with a strange URL": {changePart: func(p *transfer.Part) { p.URL = "javascript:alert(1)" }},
	}
	for name, odd := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				odd.memoryService = m
				c.uploadBy(&odd)
				if _, err := c.Upload(t.Context(), Bytes(content(2500))); !errors.Is(err, ErrProtocol) {
					t.Errorf("%v, want ErrProtocol", err)
				}
				// By what the service said, not by what it may have meant.
				if odd.told > 0 && int64(len(m.done)) >= odd.told || odd.told == 0 && m.exists() {
					t.Errorf("%d of %d parts were completed", len(m.done), odd.told)
				}
			})
		})
	}
}

// TestFirstPartMayBeAnyPart: nothing says that the descriptor in the begin answer
// is that of part 0 (the documented example shows part 7).
func TestFirstPartMayBeAnyPart(t *testing.T) {
	t.Parallel()
	for index := range int64(3) {
		c, m := newMemoryClient(1000, 2, 8)
		odd := &oddService{memoryService: m, changeBegin: func(a *gen.BeginMultipartUploadResponse) {
			a.UploadParts.First = m.describe(index)
		}}
		c.uploadBy(odd)
		data := content(2500)
		mustUpload(t, c, m, Bytes(data), data)
		if got := m.calls[operation.GetUploadPart]; got != 2 {
			t.Errorf("first is %d: %d parts were fetched, want the 2 others", index, got)
		}
	}
}

// FuzzAnswers lets the server say anything about an upload and its parts. An upload
// may succeed only if all that it was told fits together: each part once, of this
// upload, side by side from the first byte to the last.
func FuzzAnswers(f *testing.F) {
	const size = 2500
	f.Add("", int64(size), int64(3), int64(0), int64(0), int64(999), "", int64(1), int64(1000), int64(1999), int64(1), "")
	f.Add("", int64(0), int64(1), int64(0), int64(0), int64(2499), "", int64(0), int64(0), int64(0), int64(0), "")
	f.Add("", int64(9), int64(3), int64(0), int64(0), int64(999), "", int64(1), int64(999), int64(1999), int64(1), "")                  // overlap
	f.Add("", int64(9), int64(3), int64(0), int64(0), int64(999), "", int64(1), int64(1001), int64(1999), int64(1), "")                 // gap
	f.Add("", int64(9), int64(3), int64(0), int64(0), int64(999), "", int64(1), int64(1000), int64(1999), int64(1), "1111111111111111") // foreign
	f.Add("1111111111111111", int64(9), int64(3), int64(0), int64(0), int64(999), "", int64(1), int64(1000), int64(1999), int64(1), "")
	f.Add("1111111111111111", int64(-1), int64(1<<62), int64(1<<40), int64(-1), int64(1<<62), "/x", int64(-1), int64(-5), int64(1<<63-1), int64(5), "a/b")
	f.Fuzz(func(t *testing.T, firstID string, fileSize, count, firstIndex, firstStart, firstEnd int64,
		url string, index, start, end, which int64, id string,
	) {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMemoryClient(1000, 2, 8)
			told := map[int64]transfer.Part{}
			foreign := false
			c.uploadBy(&oddService{
				memoryService: m,
				changeBegin: func(a *gen.BeginMultipartUploadResponse) {
					a.File.Size, a.UploadParts.Count = fileSize, count
					first := &a.UploadParts.First
					first.UploadPartIndex, first.Range.InclusiveStart, first.Range.InclusiveEnd = firstIndex, firstStart, firstEnd
					if firstID != "" {
						first.UploadID = firstID
					}
					foreign = first.UploadID != a.UploadID
					told[firstIndex] = partOf(*first)
				},
				changePart: func(p *transfer.Part) {
					asked := p.Index
					if p.Index == which {
						p.Index, p.Start, p.End = index, start, end
						if id != "" {
							p.UploadID = id
						}
						if url != "" {
							p.URL = url
						}
					}
					m.mu.Lock()
					defer m.mu.Unlock()
					foreign = foreign || p.UploadID != memoryUpload || p.Index != asked
					told[asked] = *p
				},
			})
			file, err := c.Upload(t.Context(), Bytes(content(size)))
			if (err == nil) != (file != nil) {
				t.Errorf("%v, %v", file, err)
			}
			if err != nil {
				return
			}
			if foreign || int64(len(told)) != count {
				t.Errorf("success with %d parts of %d told, foreign ones: %v", len(told), count, foreign)
			}
			next := int64(0)
			for i := range count {
				if told[i].Start != next {
					t.Errorf("success with part %d from byte %d, the one before ends before %d", i, told[i].Start, next)
				}
				next = told[i].End + 1
			}
			if next != size {
				t.Errorf("success with parts that end before byte %d of %d", next, size)
			}
		})
	})
}
