document.querySelectorAll("button[data-path]").forEach(button => button.onclick = async () => {
  await fetch(button.dataset.path, { method: "POST", headers: { "Content-Type": "application/json" }, body: button.dataset.body });
  location.reload();
});
