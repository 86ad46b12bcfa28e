/** For a person who wants to see more: commands to paste. */
export const lookAround = `
Look around:
  eval "$(npm run --silent cluster -- env)"
  kubectl get protectedvolumes --all-namespaces
  kubectl describe persistentvolumeclaim --namespace demo-website pages
  kubectl exec -it --namespace demo-postgres postgres-0 -- psql --host=/tmp --username=postgres

Do it yourself:
  kubectl delete namespace demo-website
  kubectl apply -f test/demo/apps/website.yaml && kubectl get pvc --namespace demo-website --watch

End it:
  npm run cluster -- down            the data stays for the next "up"
  npm run cluster -- down --delete   everything goes
`;
