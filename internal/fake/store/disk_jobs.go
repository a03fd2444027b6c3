package store

import (
	"bytes"
	"encoding/json"

	"go.etcd.io/bbolt"
)

// PutJob implements [Store].
func (s *Disk) PutJob(job Job) error {
	return s.update(func(tx *bbolt.Tx, _ *released) error { return putJob(tx, job) })
}

func putJob(tx *bbolt.Tx, job Job) error {
	return put(tx, jobBucket, diskFileKey(job.AccountID, job.ID), job)
}

// Job implements [Store].
func (s *Disk) Job(accountID, id string) (job Job, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return get(tx, jobBucket, diskFileKey(accountID, id), &job)
	})
	return job, err
}

// Jobs implements [Store].
func (s *Disk) Jobs(accountID string) (jobs []Job, err error) {
	prefix := []byte(accountID)
	if accountID != "" {
		prefix = diskFileKey(accountID, "")
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(jobBucket).Cursor()
		for key, data := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, data = cursor.Next() {
			var job Job
			if err := json.Unmarshal(data, &job); err != nil {
				return err
			}
			jobs = append(jobs, job)
		}
		return nil
	})
	return jobs, err
}

// DeleteJobs implements [Store].
func (s *Disk) DeleteJobs(accountID string, ids []string) error {
	return s.update(func(tx *bbolt.Tx, _ *released) error {
		for _, id := range ids {
			if err := tx.Bucket(jobBucket).Delete(diskFileKey(accountID, id)); err != nil {
				return err
			}
		}
		return nil
	})
}
