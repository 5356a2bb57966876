// Before anything is drawn: the colours that were chosen. A module would come too late.
try {
  document.documentElement.dataset.theme = localStorage.getItem('wirechat.theme') || 'auto';
} catch { /* as the device has them */ }
