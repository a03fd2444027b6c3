package store

import "slices"

// PutJob implements [Store].
func (m *Memory) PutJob(job Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs.Set(pathKey(job.AccountID, job.ID), job)
	return nil
}

// Job implements [Store].
func (m *Memory) Job(accountID, id string) (Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	job, ok := m.jobs.Get(pathKey(accountID, id))
	if !ok {
		return Job{}, ErrNotStored
	}
	return job, nil
}

// Jobs implements [Store].
func (m *Memory) Jobs(accountID string) ([]Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	jobs := m.jobs.Values()
	return slices.DeleteFunc(jobs, func(job Job) bool { return accountID != "" && job.AccountID != accountID }), nil
}

// DeleteJobs implements [Store].
func (m *Memory) DeleteJobs(accountID string, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		m.jobs.Delete(pathKey(accountID, id))
	}
	return nil
}
