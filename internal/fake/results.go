package fake

import (
	"sync"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// maxResults is how many results of transformations are remembered.
const maxResults = 10_000

// results remembers which transformations were carried out, and the jobs of those
// that run as jobs. It forgets the oldest when there are too many: anyone can ask
// for public files in any number of ways.
type results struct {
	mu    sync.Mutex
	jobs  map[string]string // job ids by key; "" if there was no job
	order []string          // keys, the oldest first
}

// get returns the job of a result, and whether it is remembered.
func (r *results) get(key string) (job string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	job, ok = r.jobs[key]
	return job, ok
}

// put remembers a result, unless its job is remembered and there is no other one.
func (r *results) put(key, job string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jobs == nil {
		r.jobs = map[string]string{}
	}
	known, ok := r.jobs[key]
	if !ok {
		r.order = append(r.order, key)
	}
	if known == "" || job != "" {
		r.jobs[key] = job
	}
	if len(r.order) > maxResults {
		delete(r.jobs, r.order[0])
		r.order = r.order[1:]
	}
}

// load remembers the results of jobs that an earlier process began.
func (r *results) load(from store.Store) error {
	jobs, err := from.Jobs("")
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if job.Key != "" {
			r.put(job.Key, job.ID)
		}
	}
	return nil
}
