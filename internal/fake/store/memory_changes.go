package store

// Apply implements [Store].
func (m *Memory) Apply(accountID string, changes Changes) (changed Changed, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if changes.add() {
		if err := m.checkRoom(); err != nil {
			return Changed{}, err
		}
	}
	exists := func(path string) bool {
		_, ok := m.file(accountID, path)
		return ok
	}
	if err := checkCopies(changes.Copies, exists); err != nil {
		return Changed{}, err
	}
	for _, folder := range changes.MakeFolders {
		folder.AccountID = accountID
		m.makeFolder(folder)
	}
	for _, c := range changes.Copies {
		source, ok := m.file(accountID, c.Source)
		if ok {
			m.putFile(&memoryFile{File: c.of(source.File), content: source.content})
		}
		changed.Copied = append(changed.Copied, ok)
	}
	for _, path := range changes.DeleteFiles {
		if m.removeFile(accountID, path) {
			changed.DeletedFiles = append(changed.DeletedFiles, path)
		}
	}
	for _, path := range changes.DeleteFolders {
		if _, ok := m.folders.Delete(pathKey(accountID, path)); ok {
			changed.DeletedFolders = append(changed.DeletedFolders, path)
			_ = removeFromIndex(&m.children, accountID, path, isFolder, m.made(accountID)) // memory does not fail
		}
	}
	if changes.Job != nil {
		job := changes.Job(changed)
		m.jobs.Set(pathKey(job.AccountID, job.ID), job)
	}
	return changed, nil
}
